import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { RedisEventStore } from '#event-store';
import { startRedisServer, type RedisServer } from '../../libs/event-store/test/redis-server.js';
import { startFaultProxy } from '../faults/fault-proxy.js';
import { checkHistory } from '../faults/history.js';
import { randomOf, seedOfRun } from '../faults/seed.js';
import { insisted, newMoments, startFollower, Writer } from '../faults/writers.js';
import type { Api } from '../harness/api.js';
import { exportSprint, replayed } from '../harness/audit.js';
import { leftovers, openPlace } from '../harness/place.js';
import { makeRepository, ourBranches, QUICK } from '../harness/repositories.js';
import { launch } from '../harness/service.js';
import { approvalOf, readSprint, type PlanAnswer, type SprintAnswer } from '../harness/sprints.js';

const MINUTES = Number(process.env['HYPER_RUN_SOAK_MINUTES'] ?? 30);
const WRITERS = 8;
/** Part of the requests of writers, and of the service, that meet with a fault. */
const CHANCE = 0.02;
const PAUSE_MS = 30;
const SAMPLE_MS = 5000;
/** In the second half, megabytes a minute. Thirty minutes were found at -0.4. */
const MOST_GROWTH = 1;
/** In a shorter run the newest events still come to fill their room. */
const TELLING_MINUTES = 30;
const seed = seedOfRun();

interface Sample {
  readonly minutes: number;
  readonly rssMb: number;
}

describe(`${MINUTES} minutes of sprints, writers and followers, while connections break and Redis is killed and stopped`, () => {
  it(
    `leave a log without a flaw, one result per task, and memory that does not grow (HYPER_RUN_SEED=${seed})`,
    async () => {
      const end = Date.now() + MINUTES * 60_000;
      const isOver = () => Date.now() >= end;
      const counts: Record<string, number> = {};
      const count = (fault: string) => (counts[fault] = (counts[fault] ?? 0) + 1);
      const server = await startRedisServer('--appendfsync', 'always', '--maxmemory-policy', 'noeviction');
      const chance = () => (isOver() ? 0 : CHANCE);
      const proxy = await startFaultProxy({ target: server.path, random: randomOf(seed), chance, onFault: count });
      const place = await openPlace({
        HYPER_RUN_ATTEMPTS: '10',
        HYPER_RUN_LEASE_SECONDS: '5',
        REDIS_URL: `redis://127.0.0.1:${proxy.port}`,
      });
      const service = launch(place);
      const options = { redis: { host: '127.0.0.1', port: proxy.port } };
      const opened: RedisEventStore[] = [];
      try {
        const api = await service.ready;
        const stores = await Promise.all(
          [1000, 5000].map((patience) => insisted(() => RedisEventStore.open({ ...options, patience }))),
        );
        opened.push(...stores);
        const followers = stores.map(startFollower);
        const moments = newMoments();
        const writers = Array.from(
          { length: WRITERS },
          (_, index) => new Writer(`w${index}`, stores[index % 2] as RedisEventStore, randomOf(seed + index), moments),
        );
        const samples: Sample[] = [];
        const sprints: SprintAnswer[] = [];
        const repository = await makeRepository(place.repositories, 'quick', QUICK);
        await Promise.all([
          ...writers.map(async (writer) => {
            while (!isOver()) {
              await writer.writeOnce();
              await delay(PAUSE_MS);
            }
          }),
          (async () => {
            while (!isOver()) sprints.push(await oneSprint(api, repository, `soak-${sprints.length}`));
          })(),
          torment(server, randomOf(seed - 1), isOver, count),
          sample(service.pid, isOver, samples),
        ]);
        const plain = await RedisEventStore.open({ redis: { path: server.path } });
        opened.push(plain);
        const top = await plain.top();
        await Promise.all(followers.map((follower) => follower.reach(top)));
        const issued = writers.flatMap((writer) => writer.issued);
        const followed = followers.map((follower) => follower.followed.slice(0, top));
        const problems = await checkHistory(plain, { issued, followed, others: true });
        for (const sprint of sprints) {
          const exported = await exportSprint(api, sprint.sprintId);
          expect(exported.verified.problems).toEqual([]);
          expect(replayed(exported, sprint)).toEqual(sprint);
        }
        const passed = sprints.flatMap(({ tasks }) => tasks.filter(({ status }) => status === 'passed'));
        const branches = new Set(passed.map(({ branch, commit }) => `${commit} ${branch}`));
        const slope = slopeOf(samples.filter(({ minutes }) => minutes > MINUTES / 2));
        const report = {
          minutes: MINUTES,
          faults: counts,
          events: top,
          appends: issued.length,
          unknown: writers.reduce((sum, { unknown }) => sum + unknown, 0),
          sprints: sprints.length,
          passed: passed.length,
          rssMb: {
            first: samples[0]?.rssMb,
            last: samples.at(-1)?.rssMb,
            most: Math.max(...samples.map(({ rssMb }) => rssMb)),
          },
          slopeMbPerMinute: Math.round(slope * 100) / 100,
        };
        process.stdout.write(`${JSON.stringify(report)}\n`);
        expect(problems).toEqual([]);
        expect(MINUTES < TELLING_MINUTES ? 0 : slope).toBeLessThan(MOST_GROWTH);
        expect(new Set(await ourBranches(repository))).toEqual(branches);
        expect(await leftovers(place)).toEqual([]);
      } finally {
        await Promise.all(opened.map((store) => store.close()));
        await service.stop();
        await proxy.close();
        await place.remove();
        await server.end();
      }
    },
    (MINUTES + 10) * 60_000,
  );
});

/** Sent until it is answered, each under a key of its own. */
const insist = async <Body>(ask: () => Promise<{ readonly status: number; readonly body: Body }>): Promise<Body> => {
  for (;;) {
    const answer = await ask().catch(() => undefined);
    if (answer !== undefined && answer.status < 400) return answer.body;
    if (answer !== undefined && ![409, 500, 503].includes(answer.status)) throw new Error(JSON.stringify(answer.body));
    await delay(200);
  }
};

const oneSprint = async (api: Api, repository: string, key: string): Promise<SprintAnswer> => {
  const plan = await insist(() =>
    api.post<PlanAnswer>('/hyper-running/plan', { repository }, { 'idempotency-key': `plan-${key}` }),
  );
  await insist(() => api.post('/hyper-running/execute', approvalOf(plan), { 'idempotency-key': `run-${key}` }));
  for (;;) {
    const sprint = await readSprint(api, plan.planId).catch(() => undefined);
    if (sprint?.completedAt !== undefined) return sprint;
    await delay(200);
  }
};

/** Every ten seconds or so Redis is killed and started again, or stopped for up to three seconds. */
const torment = async (
  server: RedisServer,
  random: () => number,
  isOver: () => boolean,
  count: (fault: string) => void,
) => {
  while (!isOver()) {
    await delay(5000 + random() * 10_000);
    if (isOver()) return;
    if (random() < 0.5) {
      count('Redis killed');
      await server.stop('SIGKILL');
      await delay(random() * 500);
      await server.start();
    } else {
      count('Redis stopped');
      server.signal('SIGSTOP');
      await delay(random() * 3000);
      server.signal('SIGCONT');
    }
  }
};

const sample = async (pid: number, isOver: () => boolean, samples: Sample[]): Promise<void> => {
  const begin = Date.now();
  while (!isOver()) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    const rssMb = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
    samples.push({ minutes: (Date.now() - begin) / 60_000, rssMb: Math.round(rssMb) });
    await delay(SAMPLE_MS);
  }
};

/** Least squares: megabytes per minute. */
const slopeOf = (samples: readonly Sample[]): number => {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(samples.map(({ minutes }) => minutes)), mean(samples.map(({ rssMb }) => rssMb))];
  const over = samples.reduce((sum, { minutes, rssMb }) => sum + (minutes - x) * (rssMb - y), 0);
  return over / samples.reduce((sum, { minutes }) => sum + (minutes - x) ** 2, 0);
};
