import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { compareFingerprints } from '#git';
import {
  cutOff,
  inSync,
  startRedisSentinel,
  until,
  type RedisNode,
} from '../../../libs/event-store/test/redis-nodes.js';
import { exportSprint, replayed } from '../../harness/audit.js';
import { LiveEvents } from '../../harness/events.js';
import { openPlace, type Place } from '../../harness/place.js';
import { fingerprintOf, makeRepository, ourBranches, SLOW } from '../../harness/repositories.js';
import { launch, type Service } from '../../harness/service.js';
import { ALL_PASSED, approve, completed, outcomesOf, propose } from '../../harness/sprints.js';

describe('a service whose Redis is watched over by Sentinel', () => {
  let place: Place;
  let guarded: Awaited<ReturnType<typeof startRedisSentinel>>;
  const services: Service[] = [];
  const serve = (settings = {}) => {
    const service = launch(place, settings);
    services.push(service);
    return service;
  };
  const primaryPort = async () =>
    Number(((await guarded.sentinel.client.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'main')) as string[])[1]);

  beforeAll(async () => {
    guarded = await startRedisSentinel();
    const { host, port } = guarded.sentinel;
    place = await openPlace({ REDIS_URL: `redis+sentinel://${host}:${port}/main` });
  }, 60_000);
  afterAll(async () => {
    await Promise.all(services.map((service) => service.stop()));
    await guarded?.end();
    await place?.remove();
  });

  /** The sentinel finds the primary dead by itself and lets the replica take over. */
  const takenOver = async (by: RedisNode) => until(async () => (await primaryPort()) === by.port);

  it('finishes a sprint in the middle of which the primary is killed, and loses nothing that the replica had', async () => {
    const { primary, replica } = guarded;
    const service = serve();
    const api = await service.ready;
    expect((await api.get<object>('/health/ready')).body).toMatchObject({
      redis: { address: expect.stringContaining('main, watched by'), weaknesses: [expect.stringMatching(/take over/)] },
    });
    const repository = await makeRepository(place.repositories, 'atlas', SLOW);
    const before = await fingerprintOf(repository);
    const plan = await propose(api, { repository });
    await approve(api, plan);
    const live = await LiveEvents.open(api, { sprint: plan.planId, after: plan.cursor });
    await live.wait('task.claimed');
    // Events may be on their way at any time: nothing is acknowledged from here on, what was is made to be there.
    await primary.client.config('SET', 'min-replicas-to-write', '2');
    await inSync(primary);
    await primary.kill();
    await takenOver(replica);
    await live.wait('sprint.completed');
    const sprint = await completed(api, plan.planId);
    expect(outcomesOf(sprint)).toEqual(ALL_PASSED);
    expect(await ourBranches(repository)).toHaveLength(3);
    expect(compareFingerprints(before, await fingerprintOf(repository))).toEqual([]);
    const exported = await exportSprint(api, plan.planId);
    expect(exported.verified).toMatchObject({ valid: true, problems: [] });
    expect(replayed(exported, sprint)).toEqual({ ...sprint, cursor: expect.any(String) });
    const { positions } = live.reader;
    expect(positions).toEqual([...new Set(positions)].toSorted((a, b) => a - b));
    live.close();
    // Messages are heard at the new primary.
    const client = new Redis({ host: replica.host, port: replica.port });
    await until(async () => JSON.stringify(await client.call('PUBSUB', 'NUMSUB', 'sprint.plan')).includes('1'));
    client.disconnect();
    await service.stop();
    // The former primary comes back as a replica of its successor.
    await primary.start();
    await until(async () => /role:slave[^]*master_link_status:up/.test(await primary.client.info('replication')));
  }, 90_000);

  it('stops by name when the one that takes over lacks what was acknowledged, and goes on at the word of the operator', async () => {
    const { primary: replica, replica: primary } = guarded;
    const service = serve();
    const api = await service.ready;
    const repository = await makeRepository(place.repositories, 'lost', SLOW);
    await inSync(primary);
    await cutOff(replica, primary);
    await propose(api, { repository });
    await primary.kill();
    await takenOver(replica);
    const refused = await api.post('/hyper-running/plan', { repository });
    expect(refused).toMatchObject({ status: 500, body: { code: 'log.rewound' } });
    await service.stop();
    const again = serve();
    expect(await again.ended).toMatchObject({ code: 3 });
    const [, word = ''] = /HYPER_RUN_ACCEPT_LOG=(\S+)\./.exec(again.output()) ?? [];
    const accepted = serve({ HYPER_RUN_ACCEPT_LOG: word });
    await propose(await accepted.ready, { repository });
  }, 90_000);
});
