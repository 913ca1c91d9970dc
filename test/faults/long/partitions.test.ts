import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { partitionOfRepository } from '#event-store';
import { startRedisCluster, type RedisCluster } from '../../../libs/event-store/test/redis-nodes.js';
import { exportSprint, replayed } from '../../harness/audit.js';
import { LiveEvents } from '../../harness/events.js';
import { openPlace, type Place } from '../../harness/place.js';
import { makeRepository, ourBranches, QUICK } from '../../harness/repositories.js';
import { launch, type Service } from '../../harness/service.js';
import { ALL_PASSED, approve, completed, outcomesOf, propose, readSprint } from '../../harness/sprints.js';

const PARTITIONS = 3;

describe('a service whose repositories are spread over three partitions, on a Redis Cluster of three masters', () => {
  let place: Place;
  let cluster: RedisCluster;
  const services: Service[] = [];
  const serve = (settings = {}) => {
    const service = launch(place, settings);
    services.push(service);
    return service;
  };

  beforeAll(async () => {
    cluster = await startRedisCluster();
    const nodes = cluster.masters.map(({ host, port }) => `${host}:${port}`).join(',');
    place = await openPlace({ REDIS_URL: `redis+cluster://${nodes}`, HYPER_RUN_PARTITIONS: String(PARTITIONS) });
  }, 60_000);
  afterAll(async () => {
    await Promise.all(services.map((service) => service.stop()));
    await cluster?.end();
    await place?.remove();
  });

  it('does the main job in all of them at once, tells it in one order without gap or repeat, and replays it', async () => {
    const first = serve();
    const api = await first.ready;
    const second = serve();
    const other = await second.ready;
    const live = await LiveEvents.open(api);
    const homes = new Map<number, { repository: string; id: string }>();
    for (let number = 0; homes.size < PARTITIONS; number++) {
      const repository = await makeRepository(place.repositories, `atlas-${number}`, QUICK);
      const { body } = await api.post<{ repositoryId: string }>('/repositories', { path: repository });
      const home = partitionOfRepository(body.repositoryId, PARTITIONS);
      if (!homes.has(home)) homes.set(home, { repository, id: body.repositoryId });
    }
    const plans = await Promise.all(
      [...homes.values()].map(({ repository }, index) => propose(index % 2 === 0 ? api : other, { repository })),
    );
    await Promise.all(plans.map((plan, index) => approve(index % 2 === 0 ? other : api, plan)));
    const sprints = await Promise.all(plans.map(({ planId }) => completed(api, planId)));
    for (const [index, [partition, { repository }]] of [...homes].entries()) {
      const sprint = sprints[index];
      const plan = plans[index];
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
  }, 180_000);

  it('refuses another number of partitions by name', async () => {
    const refused = serve({ HYPER_RUN_PARTITIONS: '2' });
    expect(await refused.ended).toMatchObject({ code: 3 });
    expect(refused.output()).toContain('HYPER_RUN_PARTITIONS=3');
  }, 60_000);
});
