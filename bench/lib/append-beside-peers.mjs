import { EVENT_STORES, LABELS, startContestants } from './contestants.mjs';
import { rateFor, said } from './events.mjs';
import { fastestOf, interleaved, ratios, row, rowsOf } from './measure.mjs';

const ROUND_MS = 1000;
const ROUNDS = 5;

const MODES = [
  { name: '64 writers on 64 streams', writers: 64, batch: 1, goal: 5 },
  { name: 'one writer', writers: 1, batch: 1, goal: 1.2 },
  { name: 'one writer, ten events to an append', writers: 1, batch: 10, goal: 1.5 },
];

/** Each writer to a stream of its own, each append at the exact version that the one before it left. */
const contestant = (store, { writers, batch }) => {
  const heads = Array.from({ length: writers }, () => ({ stream: store.stream(), version: 0 }));
  return () =>
    rateFor(writers, ROUND_MS, async (writer) => {
      const head = heads[writer];
      const events = Array.from({ length: batch }, (_, n) => said(head.version + n));
      if (!(await store.append(head.stream, head.version, events))) throw new Error('A conflict, with one writer.');
      head.version += batch;
      return batch;
    });
};

/** The rows of all modes. `withGoals`: the goals hold for what is on the disk when it is acknowledged. */
export const appendBesidePeers = async (appendfsync, signal, { withGoals }) => {
  const { opened, absent, end } = await startContestants(appendfsync);
  try {
    const rows = [];
    for (const mode of MODES) {
      const contestants = Object.entries(opened).map(([name, store]) => [name, contestant(store, mode)]);
      const rates = await interleaved(Object.fromEntries(contestants), { rounds: ROUNDS, warmUp: 1, signal });
      const labels = Object.fromEntries(
        Object.entries(LABELS).map(([name, label]) => [name, `${label}, ${mode.name}`]),
      );
      rows.push(...rowsOf(rates, absent, labels, 'events/s'));
      const fastest = fastestOf(rates, EVENT_STORES);
      const goal = withGoals ? { goal: `≥ ${mode.goal.toFixed(2)}`, limit: mode.goal, atLeast: true } : {};
      if (fastest !== undefined)
        rows.push(
          row(`  over the faster event store (${fastest.name})`, '×', ratios(rates.ours, fastest.values), goal),
        );
      if (rates.pg !== undefined) rows.push(row('  over plain pg', '×', ratios(rates.ours, rates.pg)));
    }
    return rows;
  } finally {
    await end();
  }
};
