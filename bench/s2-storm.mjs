import { EVENT_STORES, LABELS, startContestants } from './lib/contestants.mjs';
import { said } from './lib/events.mjs';
import { fastestOf, interleaved, median, ratios, row, rowsOf } from './lib/measure.mjs';

export const title = 'conflict storm: 64 writers on one stream, appendfsync always, synchronous_commit on';

const WRITERS = 64;
const ROUND_MS = 1500;
const ROUNDS = 5;

/**
 * Each writer wants to append at the version that it knows. Who came too late reads what is new, as a decision would,
 * and tries again. `retries` gets how many attempts were in vain for each event.
 */
const storm = (store, retries) => async (round) => {
  const stream = store.stream();
  let written = 0;
  let refused = 0;
  const began = performance.now();
  await Promise.all(
    Array.from({ length: WRITERS }, async () => {
      let version = 0;
      while (performance.now() - began < ROUND_MS) {
        if (await store.append(stream, version, [said(version)])) {
          version += 1;
          written += 1;
        } else {
          refused += 1;
          version += await store.newer(stream, version);
        }
      }
    }),
  );
  const seconds = (performance.now() - began) / 1000;
  const stored = await store.rebuild(stream);
  if (stored !== written) throw new Error(`${written} appends were acknowledged, ${stored} events are there.`);
  if (round >= 0) retries.push(refused / written);
  return written / seconds;
};

export const run = async (signal) => {
  const { opened, absent, end } = await startContestants('always');
  try {
    const retries = Object.fromEntries(Object.keys(opened).map((name) => [name, []]));
    const contestants = Object.entries(opened).map(([name, store]) => [name, storm(store, retries[name])]);
    const rates = await interleaved(Object.fromEntries(contestants), { rounds: ROUNDS, warmUp: 1, signal });
    const fastest = fastestOf(rates, EVENT_STORES);
    return [
      ...rowsOf(rates, absent, LABELS, 'events/s').map((line) =>
        line.absent === undefined ? { ...line, note: noteOf(retries, line.what) } : line,
      ),
      ...(fastest === undefined
        ? []
        : [row(`  over the faster event store (${fastest.name})`, '×', ratios(rates.ours, fastest.values))]),
      ...(rates.pg === undefined ? [] : [row('  over plain pg', '×', ratios(rates.ours, rates.pg))]),
    ];
  } finally {
    await end();
  }
};

const noteOf = (retries, label) => {
  const [name] = Object.entries(LABELS).find(([, text]) => text === label);
  return `${median(retries[name]).toFixed(1)} attempts in vain for each event`;
};
