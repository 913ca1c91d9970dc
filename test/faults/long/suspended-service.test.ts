import { randomUUID } from 'node:crypto';
import { kill } from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startRedisServer, type RedisServer } from '../../../libs/event-store/test/redis-server.js';
import { withAgents } from '../../harness/agents.js';
import type { Api } from '../../harness/api.js';
import { exportSprint } from '../../harness/audit.js';
import { LiveEvents } from '../../harness/events.js';
import { leftovers, openPlace, type Place } from '../../harness/place.js';
import { processesWith } from '../../harness/processes.js';
import { makeRepository, ourBranches, QUICK } from '../../harness/repositories.js';
import { launch, type Service } from '../../harness/service.js';
import { ALL_PASSED, approve, completed, outcomesOf, propose, runSprint } from '../../harness/sprints.js';

/** So long one of the services is not there. */
const SUSPENDED_MS = 60_000;
/** So long the agent works: longer, so that it is still at work when its service comes back. */
const WORK_SECONDS = 75;

const FILES = {
  'docs/index.md': '# Atlas\n\nBegin here. <!-- TODO: remove this note -->\n',
  '.hyper-run.json': '{ "agents": { "todo": "slow" }, "verify": ["true"] }\n',
};

describe('two services on one Redis, one of them suspended for a minute in the middle of a task', () => {
  const mark = `mark-${randomUUID()}`;
  let redis: RedisServer;
  let place: Place;
  let services: Service[] = [];

  /** Works for a while in a process of its own, and then does what it is to. */
  const slow = {
    type: 'command',
    format: 'text',
    does: ['todo'],
    command: [
      'sh',
      '-c',
      `sleep ${WORK_SECONDS} && cp docs/index.md /tmp/index.md && sed 's/ *<!-- TODO.*-->//' /tmp/index.md > docs/index.md; : ${mark}`,
      mark,
      '{prompt}',
    ],
  };
  const start = async (): Promise<{ readonly service: Service; readonly api: Api }> => {
    const service = launch(place, {
      ...(await withAgents(place, { slow })),
      HYPER_RUN_LEASE_SECONDS: '3',
      HYPER_RUN_CONCURRENCY: '2',
    });
    services.push(service);
    return { service, api: await service.ready };
  };
  const pids = async () => new Set((await processesWith(mark)).map(({ pid }) => pid));

  beforeAll(async () => {
    redis = await startRedisServer('--appendfsync', 'always');
    place = await openPlace({ REDIS_URL: `unix://${redis.path}` });
  });
  afterAll(async () => {
    await Promise.all(services.map((service) => service.stop()));
    services = [];
    await redis?.end();
    await place?.remove();
  });

  it('come to one result on one branch; what the late one still has to say is refused, and what it ran is ended', async () => {
    const repository = await makeRepository(place.repositories, 'atlas', FILES);
    const late = await start();
    const plan = await propose(late.api, { repository });
    const live = await LiveEvents.open(late.api, { sprint: plan.planId });
    const begun = Date.now();
    await approve(late.api, plan);
    await live.wait('action.command-started');
    live.close();
    let ofTheLate = await pids();
    for (; ofTheLate.size === 0; ofTheLate = await pids()) await delay(10);

    const other = await start();
    const seen = await LiveEvents.open(other.api, { sprint: plan.planId });
    kill(late.service.pid, 'SIGSTOP');
    const suspended = delay(SUSPENDED_MS);
    // Within seconds of the end of its lease: long before the late one is back.
    await seen.wait('task.attempt-interrupted');
    await seen.until(() => seen.names.filter((name) => name === 'task.claimed').length === 1, 'a second claim');
    await suspended;
    kill(late.service.pid, 'SIGCONT');
    while ([...(await pids())].some((pid) => ofTheLate.has(pid))) await delay(10);
    // By its service: by itself it would be at work still.
    expect(Date.now() - begun).toBeLessThan(WORK_SECONDS * 1000);

    const sprint = await completed(other.api, plan.planId);
    seen.close();
    expect(outcomesOf(sprint)).toEqual(['slow passed']);
    expect(sprint.tasks).toMatchObject([{ attempts: 2 }]);
    const [task] = sprint.tasks;
    expect(await ourBranches(repository)).toEqual([`${task?.commit} ${task?.branch}`]);

    const { events, verified } = await exportSprint(other.api, plan.planId);
    expect(verified.valid).toBe(true);
    const ofTask = events.filter(({ stream }) => stream === `task-${task?.taskId}`);
    const taken = ofTask.findIndex(({ type }) => type === 'task.attempt-interrupted');
    expect(ofTask.slice(taken + 1).filter(({ data }) => (data as { attempt?: number }).attempt === 1)).toEqual([]);
    expect(ofTask.filter(({ type }) => type === 'task.passed')).toHaveLength(1);
    const workers = ofTask.flatMap((one) => (one.type === 'task.claimed' ? [one.data.worker] : []));
    expect(new Set(workers).size).toBe(2);

    expect(await processesWith(mark)).toEqual([]);
    expect(await leftovers(place)).toEqual([]);

    // The late one is as good as before.
    const next = await makeRepository(place.repositories, 'next', QUICK);
    expect(outcomesOf(await runSprint(late.api, { repository: next }))).toEqual(ALL_PASSED);
  }, 240_000);
});
