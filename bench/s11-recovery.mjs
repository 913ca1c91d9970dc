import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { timed, row } from './lib/measure.mjs';
import { startRedis } from './lib/redis.mjs';
import { startWholeService } from './lib/service.mjs';
import { makeRepositories, writeRunningSprints } from './lib/sprints.mjs';

const SPRINTS = Number(process.env.BENCH_SPRINTS ?? 1000);

export const title = `kill -9 of a service with ${SPRINTS.toLocaleString('en')} active sprints: until all have been resumed`;

const ROUNDS = 3;
const WORKER = 'w-bench';
const LEASE = `hyper:{p0}:lease:${WORKER}`;
const WITHIN_MS = 60_000;

/** Until every attempt that was broken off has been taken back, so that its task can go on; and until the first went on. */
const untilResumed = async (store, after, signal) => {
  const began = performance.now();
  const over = AbortSignal.any([AbortSignal.timeout(WITHIN_MS), ...(signal ? [signal] : [])]);
  const resumed = new Set();
  let first;
  for await (const batch of store.subscribe(after, over))
    for (const { event, position } of batch) {
      if (position <= after) continue;
      if (event.type === 'task.claimed') first ??= performance.now() - began;
      if (event.type === 'task.attempt-interrupted') resumed.add(event.taskId);
      if (resumed.size === SPRINTS)
        return { all: performance.now() - began, first: first ?? performance.now() - began };
    }
  throw new Error(`${resumed.size} of ${SPRINTS} sprints were resumed within ${WITHIN_MS / 1000} s.`);
};

const killed = async (server, repositories, settings, signal) => {
  await server.redis.flushall();
  await server.redis.set(LEASE, 'bench');
  const store = await writeRunningSprints(server.path, repositories, WORKER);
  try {
    const before = await startWholeService(server.path, settings);
    await before.kill();
    await server.redis.del(LEASE);
    const after = await store.top();
    const resumed = untilResumed(store, after, signal);
    let service;
    const ready = await timed(async () => (service = await startWholeService(server.path, settings)));
    try {
      return { ready, ...(await resumed) };
    } finally {
      await service.kill();
    }
  } finally {
    await store.close();
  }
};

export const run = async (signal) => {
  const root = await mkdtemp(join(tmpdir(), 'hyper-run-bench-'));
  const server = await startRedis('always');
  try {
    const repositories = await makeRepositories(root, SPRINTS);
    const settings = { HYPER_RUN_REPOSITORIES: root };
    const found = [];
    for (let round = 0; round < ROUNDS; round++) {
      signal?.throwIfAborted();
      found.push(await killed(server, repositories, settings, signal));
    }
    const of = (name) => found.map((each) => each[name]);
    return [
      row('start of the process → every sprint resumed', 'ms', of('all'), { goal: '< 2 s', limit: 2000 }),
      row('  → the service is ready', 'ms', of('ready')),
      row('  → the first task is worked on again', 'ms', of('first')),
    ];
  } finally {
    await server.end();
    await rm(root, { recursive: true, force: true });
  }
};
