/** An event whose data is 300 bytes of JSON: what an agent said. */
export const PAYLOAD_BYTES = 300;

const frame = JSON.stringify({ attempt: 1, origin: 'observed', text: '' });

export const said = (number) => {
  const text = `${number} `.padEnd(PAYLOAD_BYTES - frame.length, 'the quick brown fox jumps over the lazy dog ');
  return { type: 'action.message-said', data: { attempt: 1, origin: 'observed', text } };
};

export const payload = (number) => JSON.stringify(said(number).data);

/** Runs `work(writer, n)` `count` times in all, by so many writers, each of which waits for its own last one. */
export const inFlight = (writers, count, work) =>
  Promise.all(
    Array.from({ length: writers }, async (_, writer) => {
      for (let n = writer; n < count; n += writers) await work(writer, n);
    }),
  );
