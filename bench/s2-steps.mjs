import { said } from './lib/events.mjs';
import { fastestOf, interleaved, ratios, row, rowsOf, timed } from './lib/measure.mjs';
import { closeAll, openAll } from './lib/not-measured.mjs';
import { open as openDbos } from './lib/peers/dbos.mjs';
import { open as openHyperRun } from './lib/peers/hyper-run.mjs';
import { open as openLangGraph } from './lib/peers/langgraph.mjs';
import { open as openRestate } from './lib/peers/restate.mjs';
import { startPostgres } from './lib/postgres.mjs';
import { startRedis } from './lib/redis.mjs';

export const title = 'one writer beside durable steps, synced each: other guarantees, shown beside';

const STEPS = 300;
const ROUNDS = 5;

const LABELS = {
  ours: 'event store, one writer, appendfsync always',
  restate: 'Restate, steps of one handler',
  dbos: 'DBOS, steps of one workflow, synchronous_commit on',
  langgraph: 'LangGraph.js on SQLite, steps of one graph, synchronous FULL',
};
const ENGINES = ['restate', 'dbos', 'langgraph'];

const oneWriter = async (path) => {
  const store = await openHyperRun(path);
  return {
    steps: async (count) => {
      const stream = store.stream();
      for (let version = 0; version < count; version++)
        if (!(await store.append(stream, version, [said(version)]))) throw new Error('A conflict, with one writer.');
    },
    close: store.close,
  };
};

/** DBOS on a PostgreSQL of its own, which ends with it. */
const dbosOnPostgres = async () => {
  const postgres = await startPostgres('on');
  try {
    const dbos = await openDbos(postgres.url);
    return { ...dbos, close: () => dbos.close().finally(postgres.end) };
  } catch (error) {
    await postgres.end();
    throw error;
  }
};

export const run = async (signal) => {
  const redis = await startRedis('always');
  try {
    const { opened, absent } = await openAll({
      ours: () => oneWriter(redis.path),
      restate: openRestate,
      dbos: dbosOnPostgres,
      langgraph: () => openLangGraph(),
    });
    try {
      const contestants = Object.entries(opened).map(([name, engine]) => [
        name,
        async () => (STEPS / (await timed(() => engine.steps(STEPS)))) * 1000,
      ]);
      const rates = await interleaved(Object.fromEntries(contestants), {
        rounds: ROUNDS,
        warmUp: 1,
        seconds: 90,
        signal,
      });
      const fastest = fastestOf(rates, ENGINES);
      const goal = { goal: '≥ 4.00', limit: 4, atLeast: true };
      return [
        ...rowsOf(rates, absent, LABELS, 'steps/s'),
        ...(fastest === undefined
          ? []
          : [row(`  over the fastest engine (${fastest.name})`, '×', ratios(rates.ours, fastest.values), goal)]),
      ];
    } finally {
      await closeAll(opened);
    }
  } finally {
    await redis.end();
  }
};
