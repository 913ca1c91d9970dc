import { mkdtemp, rm } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { payload } from '../events.mjs';
import { load } from '../not-measured.mjs';

/**
 * A graph of LangGraph.js with one node that runs again and again; after each time its whole state is written to SQLite,
 * synced before the next (`durability: 'sync'`, `synchronous = FULL`), unless it is only to be read back. The state holds the last 300 bytes and a count, it
 * does not grow.
 */
export const open = async ({ synced = true } = {}) => {
  const { Annotation, END, START, StateGraph } = await load('@langchain/langgraph');
  const { SqliteSaver } = await load('@langchain/langgraph-checkpoint-sqlite');
  const directory = await mkdtemp(join(tmpdir(), 'hr-lg-'));
  const saver = SqliteSaver.fromConnString(join(directory, 'checkpoints.sqlite'));
  saver.db.pragma(`synchronous = ${synced ? 'FULL' : 'OFF'}`);
  const graph = new StateGraph(Annotation.Root({ last: Annotation, done: Annotation, count: Annotation }))
    .addNode('step', ({ done }) => ({ last: payload(done), done: done + 1 }))
    .addEdge(START, 'step')
    .addConditionalEdges('step', ({ done, count }) => (done < count ? 'step' : END))
    .compile({ checkpointer: saver });
  return {
    steps: async (count, thread = randomUUID()) => {
      const options = { ...configure(thread), recursionLimit: count + 10, durability: 'sync' };
      await graph.invoke({ last: '', done: 0, count }, options);
    },
    history: async (thread) => {
      let found = 0;
      for await (const _ of graph.getStateHistory(configure(thread))) found += 1;
      return found;
    },
    close: async () => {
      saver.db.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
};

const configure = (thread) => ({ configurable: { thread_id: thread } });
