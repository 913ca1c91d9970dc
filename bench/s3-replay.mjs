import { randomUUID } from 'node:crypto';
import { said } from './lib/events.mjs';
import { interleaved, ratios, row, rowsOf, timed } from './lib/measure.mjs';
import { closeAll, openAll } from './lib/not-measured.mjs';
import { open as openHyperRun } from './lib/peers/hyper-run.mjs';
import { open as openLangGraph } from './lib/peers/langgraph.mjs';
import { open as openTemporal } from './lib/peers/temporal.mjs';
import { startRedis } from './lib/redis.mjs';

export const title = 'a history read back, beside systems with other guarantees';

const EVENTS = 10_000;
/** LangGraph keeps its whole state for each step: fewer of them, and one that does not grow. */
const STEPS = 2000;
const BATCH = 200;
const ROUNDS = 5;

const fill = async (store, count) => {
  const stream = store.stream();
  for (let version = 0; version < count; version += BATCH)
    await store.append(
      stream,
      version,
      Array.from({ length: BATCH }, (_, n) => said(version + n)),
    );
  return stream;
};

const expect = (found, wanted) => {
  if (found !== wanted) throw new Error(`${wanted} were expected, ${found} were read.`);
};

export const run = async (signal) => {
  const redis = await startRedis('everysec');
  try {
    const { opened, absent } = await openAll({
      ours: () => openHyperRun(redis.path),
      temporal: openTemporal,
      langgraph: () => openLangGraph({ synced: false }),
    });
    try {
      const { ours, temporal, langgraph } = opened;
      const [long, short] = [await fill(ours, EVENTS), await fill(ours, STEPS)];
      const contestants = {
        long: () => timed(async () => expect(await ours.rebuild(long), EVENTS)),
        short: () => timed(async () => expect(await ours.rebuild(short), STEPS)),
      };
      const recorded = temporal?.history(EVENTS);
      if (temporal !== undefined) contestants.temporal = () => timed(() => temporal.replay(recorded));
      if (langgraph !== undefined) {
        const thread = randomUUID();
        await langgraph.steps(STEPS, thread);
        contestants.langgraph = () => timed(async () => expect(await langgraph.history(thread), STEPS + 2));
      }
      const numbers = await interleaved(contestants, { rounds: ROUNDS, warmUp: 1, seconds: 60, signal });
      const over = (name, base) =>
        numbers[name] === undefined ? [] : [row('  over ours', '×', ratios(numbers[name], numbers[base]))];
      const inTemporal = recorded === undefined ? '' : `: ${recorded.events} events, ${recorded.steps} steps`;
      return [
        row('event store: a task of 10,000 events, read and folded', 'ms', numbers.long),
        ...rowsOf(numbers, absent, { temporal: `Temporal, replay of a history${inTemporal}` }, 'ms'),
        ...over('temporal', 'long'),
        row('event store: a task of 2,000 events, read and folded', 'ms', numbers.short),
        ...rowsOf(numbers, absent, { langgraph: 'LangGraph.js on SQLite, history of a thread of 2,000 steps' }, 'ms'),
        ...over('langgraph', 'short'),
      ];
    } finally {
      await closeAll(opened);
    }
  } finally {
    await redis.end();
  }
};
