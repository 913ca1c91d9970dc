import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { partitionOfRepository } from '#event-store';
import {
  cutOff,
  inSync,
  isReplicaOf,
  killInSync,
  startRedisCluster,
  takeOver,
  until,
  type RedisCluster,
} from '../../../libs/event-store/test/redis-nodes.js';
import type { Api } from '../../harness/api.js';
import { exportSprint, replayed } from '../../harness/audit.js';
import { LiveEvents } from '../../harness/events.js';
import { openPlace, type Place } from '../../harness/place.js';
import { makeRepository, ourBranches, QUICK, SLOW, type Files } from '../../harness/repositories.js';
import { launch, type Service } from '../../harness/service.js';
import { ALL_PASSED, approve, completed, outcomesOf, propose, readSprint } from '../../harness/sprints.js';

/** The first two share a master. */
const PARTITIONS = 4;

describe('a service whose repositories are spread over four partitions, on a Redis Cluster of three masters', () => {
  let place: Place;
  let cluster: RedisCluster;
  const services: Service[] = [];
  const serve = (settings = {}) => {
    const service = launch(place, settings);
    services.push(service);
    return service;
  };

  beforeAll(async () => {
    cluster = await startRedisCluster(3, true);
    const nodes = cluster.masters.map(({ host, port }) => `${host}:${port}`).join(',');
    place = await openPlace({ REDIS_URL: `redis+cluster://${nodes}`, HYPER_RUN_PARTITIONS: String(PARTITIONS) });
  }, 60_000);
  afterAll(async () => {
    await Promise.all(services.map((service) => service.stop()));
    await cluster?.end();
    await place?.remove();
  });

  /** The master of a partition, and its replica. */
  const pairOf = (partition: number) => cluster.pairOf(`{p${partition}}`);
  let repositories = 0;
  /** A new repository in each partition. */
  const inEach = async (api: Api, files: Files): Promise<string[]> => {
    const homes = new Map<number, string>();
    while (homes.size < PARTITIONS) {
      const repository = await makeRepository(place.repositories, `atlas-${++repositories}`, files);
      const { body } = await api.post<{ repositoryId: string }>('/repositories', { path: repository });
      const home = partitionOfRepository(body.repositoryId, PARTITIONS);
      if (!homes.has(home)) homes.set(home, repository);
    }
    return Array.from({ length: PARTITIONS }, (_, partition) => homes.get(partition) ?? '');
  };

  it('does the main job in all of them at once, tells it in one order without gap or repeat, and replays it', async () => {
    const first = serve();
    const api = await first.ready;
    const second = serve();
    const other = await second.ready;
    const live = await LiveEvents.open(api);
    const { body } = await api.get<object>('/health/ready');
    expect(body).toMatchObject({ memory: { partition: expect.any(Number) }, absentRoles: [] });
    const homes = await inEach(api, QUICK);
    const plans = await Promise.all(
      homes.map((repository, index) => propose(index % 2 === 0 ? api : other, { repository })),
    );
    await Promise.all(plans.map((plan, index) => approve(index % 2 === 0 ? other : api, plan)));
    const sprints = await Promise.all(plans.map(({ planId }) => completed(api, planId)));
    for (const [partition, repository] of homes.entries()) {
      const sprint = sprints[partition];
      const plan = plans[partition];
      if (sprint === undefined || plan === undefined) throw new Error('One sprint per repository.');
      expect(outcomesOf(sprint)).toEqual(ALL_PASSED);
      expect(await ourBranches(repository)).toHaveLength(3);
      const owner = await cluster.ownerOf(`{p${partition}}`);
      expect(await owner.client.smembers(`hyper:{p${partition}}:catalogue`)).toContain(`sprint-${plan.planId}`);
      const exported = await exportSprint(other, plan.planId);
      expect(exported.verified).toMatchObject({ valid: true, problems: [] });
      expect(replayed(exported, sprint)).toEqual({ ...sprint, cursor: expect.any(String) });
      await live.wait('sprint.completed', plan.planId);
      const { cursor } = await live.wait('sprint.started', plan.planId);
      expect(await readSprint(other, plan.planId, `?at=${cursor}`)).toMatchObject({ status: 'running' });
      const own = ({ sprintid, stream }: (typeof live.events)[number]) =>
        sprintid === plan.planId && !stream.startsWith('repository-');
      const told = live.events.filter(own).map(({ id }) => id);
      const history = await api.get<{ items: readonly { id: string; position: string }[] }>(
        `/hyper-running/sprints/${plan.planId}/events?limit=1000`,
      );
      expect(history.body.items.map(({ id }) => id)).toEqual(told);
    }

    // One order: dense, the same from both, and taken up at any place of it, also at the other one.
    const positions = live.events.map(({ position }) => Number(position));
    expect(positions).toEqual(positions.map((_, index) => (positions[0] ?? 0) + index));
    expect(live.reader.positions).toEqual(positions);
    const ids = live.events.map(({ id }) => id);
    for (const at of [10, Math.floor(ids.length / 2), ids.length - 5]) {
      const resumed = await LiveEvents.open(other, { after: live.events[at]?.cursor ?? '' });
      await resumed.until(() => resumed.events.length >= ids.length - at - 1, `the rest after ${at}`);
      expect(resumed.events.map(({ id }) => id).slice(0, ids.length - at - 1)).toEqual(ids.slice(at + 1));
      resumed.close();
    }

    // Killed and started again, it goes on with the same order.
    await Promise.all([first.kill(), second.kill()]);
    const again = await serve().ready;
    const resumed = await LiveEvents.open(again, { after: live.events[0]?.cursor ?? '' });
    await resumed.until(() => resumed.events.length >= ids.length - 1, 'all of it after the restart');
    expect(resumed.events.map(({ id }) => id).slice(0, ids.length - 1)).toEqual(ids.slice(1));
    for (const stream of [live, resumed]) stream.close();
    await Promise.all(services.splice(0).map((service) => service.stop()));
  }, 180_000);

  it('refuses another number of partitions by name', async () => {
    const refused = serve({ HYPER_RUN_PARTITIONS: '2' });
    expect(await refused.ended).toMatchObject({ code: 3 });
    expect(refused.output()).toContain('HYPER_RUN_PARTITIONS=4');
  }, 60_000);

  it('finishes what runs while the master of one partition after the other is killed, also of the one with the order', async () => {
    const service = serve();
    const api = await service.ready;
    const homes = await inEach(api, SLOW);
    const live = await LiveEvents.open(api);
    const rounds = [
      { partition: 2, another: 0 },
      { partition: 0, another: 3 },
      { partition: 3, another: 2 },
    ];
    for (const { partition, another } of rounds) {
      const plans = await Promise.all(
        [partition, another].map((home) => propose(api, { repository: homes[home] ?? '' })),
      );
      await Promise.all(plans.map((plan) => approve(api, plan)));
      await Promise.all(plans.map(({ planId }) => live.wait('task.claimed', planId)));
      const [master, replica] = await pairOf(partition);
      await killInSync(master);
      await takeOver(replica);
      for (const { planId } of plans) {
        await live.wait('sprint.completed', planId);
        const sprint = await completed(api, planId);
        expect(outcomesOf(sprint)).toEqual(ALL_PASSED);
        const exported = await exportSprint(api, planId);
        expect(exported.verified).toMatchObject({ valid: true, problems: [] });
        expect(replayed(exported, sprint)).toEqual({ ...sprint, cursor: expect.any(String) });
      }
      await master.start();
      await until(() => isReplicaOf(master, replica));
    }
    const positions = live.events.map(({ position }) => Number(position));
    expect(positions).toEqual(positions.map((_, index) => (positions[0] ?? 0) + index));
    live.close();
    // Messages are heard where the first partition is now, and statuses are written where they lie now.
    const [first] = await pairOf(0);
    await until(async () => JSON.stringify(await first.client.call('PUBSUB', 'NUMSUB', 'sprint.plan')).includes('1'));
    const agents = (await api.get<{ items: readonly { id: string; status: string }[] }>('/agents')).body.items;
    for (const { id, status } of agents) {
      const key = `agent:status:${id}`;
      const owner = await cluster.ownerOf(key);
      await until(async () => (await owner.client.hget(key, 'status')) === status);
    }
    await service.stop();
  }, 240_000);

  it('stops by name when one partition lost what was acknowledged, also for all others, and goes on at the word of the operator', async () => {
    const service = serve();
    const api = await service.ready;
    const homes = await inEach(api, QUICK);
    const [master, replica] = await pairOf(2);
    await inSync(master);
    await cutOff(replica, master);
    await propose(api, { repository: homes[2] ?? '' });
    await master.kill();
    await takeOver(replica);
    for (const home of [2, 3]) {
      const refused = await api.post('/hyper-running/plan', { repository: homes[home] });
      expect(refused).toMatchObject({ status: 500, body: { code: 'log.rewound' } });
    }
    await service.stop();
    const again = serve();
    expect(await again.ended).toMatchObject({ code: 3 });
    const [, word = ''] = /HYPER_RUN_ACCEPT_LOG=(\S+)\./.exec(again.output()) ?? [];
    const accepted = await serve({ HYPER_RUN_ACCEPT_LOG: word }).ready;
    for (const home of [2, 3]) await propose(accepted, { repository: homes[home] ?? '' });
  }, 120_000);
});
