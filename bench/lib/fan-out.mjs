// We and others send the same events of the same Redis to so many clients. Each side has a process of its own.
import { countOf, emit } from './emit.mjs';
import { openListeners } from './listeners.mjs';
import { startService } from './service.mjs';
import { processorMs } from './usage.mjs';
import { startWorker } from './worker.mjs';

const CHANNEL = 'hypercode.events';

const ours = async (redis) => {
  const service = await startService(redis.path);
  return { where: { url: `${service.url}/events/stream`, token: service.token }, pid: service.pid, end: service.end };
};

const peer = (file) => async (redis) => {
  const worker = await startWorker(file, redis.path, CHANNEL);
  return { where: await worker.ask({}), pid: worker.pid, end: worker.end };
};

/** Nobody between: clients of Redis that subscribe to the channel. */
const channel = async (redis) => ({
  where: { socket: redis.path, channel: CHANNEL },
  pid: redis.pid,
  end: async () => undefined,
});

export const SIDES = {
  ours,
  nest: peer('nest-sse-worker.mjs'),
  better: peer('better-sse-worker.mjs'),
  channel,
};

/**
 * So many clients, told so many events a second. `share` of all deliveries that came within a second after the last
 * append; delays since the append was called (`sent`) and since it was acknowledged, in milliseconds; processor time per
 * delivery of the sender, and the share of a core that sender and clients took.
 */
export const fanOut = async (side, { redis, story, clients, processes = 1, ...load }) => {
  const { where, pid, end } = await SIDES[side](redis);
  const listeners = await openListeners(clients, where, processes);
  const used = async () => [await processorMs(pid), await sumOf(listeners.pids.map(processorMs))];
  try {
    await listeners.begin(countOf(load));
    const before = await used();
    const { sent, acknowledged, rate, tookMs } = await emit(story, load);
    const after = await used();
    const found = await listeners.result({ sent, acknowledged });
    if (found.wrong > 0 && side === 'ours') throw new Error(`${found.wrong} gaps or repeats were seen.`);
    const [senderMs, clientMs] = after.map((ms, index) => ms - before[index]);
    return {
      ...found,
      rate,
      microseconds: (senderMs * 1000) / found.delivered,
      senderShare: senderMs / tookMs,
      clientShare: clientMs / tookMs,
    };
  } finally {
    await listeners.end();
    await end();
  }
};

const sumOf = async (promises) => (await Promise.all(promises)).reduce((total, each) => total + each, 0);
