/** An event whose data is 300 bytes of JSON: what an agent said. */
export const PAYLOAD_BYTES = 300;

const frame = JSON.stringify({ attempt: 1, origin: 'observed', text: '' });

const message = (start, bytes) => {
  const text = start.padEnd(bytes - frame.length, 'the quick brown fox jumps over the lazy dog ');
  return { type: 'action.message-said', data: { attempt: 1, origin: 'observed', text } };
};

export const said = (number) => message(`${number} `, PAYLOAD_BYTES);

/** A byte that stands in the text of a numbered event, before its number, and nowhere else in whatever goes to a client. */
export const MARK = 0x7e;
export const MARK_DIGITS = 8;

/** An event whose number is found in a stream of any protocol without reading the rest of it. */
export const numbered = (number, bytes = PAYLOAD_BYTES) =>
  message(`~${String(number).padStart(MARK_DIGITS, '0')} `, bytes);

export const payload = (number) => JSON.stringify(said(number).data);

/** Runs `work(writer, n)` `count` times in all, by so many writers, each of which waits for its own last one. */
export const inFlight = (writers, count, work) =>
  Promise.all(
    Array.from({ length: writers }, async (_, writer) => {
      for (let n = writer; n < count; n += writers) await work(writer, n);
    }),
  );

/**
 * As `inFlight`, for `ms` milliseconds instead of a number of times; what was begun is finished. Gives how many `work`
 * carried out in a second, all writers together; `work` says how many that were.
 */
export const rateFor = async (writers, ms, work) => {
  let done = 0;
  const began = performance.now();
  await Promise.all(
    Array.from({ length: writers }, async (_, writer) => {
      while (performance.now() - began < ms) {
        // Not `done += await …`: that reads the sum before it waits, and loses what others add meanwhile.
        const carriedOut = await work(writer);
        done += carriedOut;
      }
    }),
  );
  return (done / (performance.now() - began)) * 1000;
};
