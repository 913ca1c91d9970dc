import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { compareFingerprints } from '#git';
import { startRedisCluster, until, type RedisCluster } from '../../../libs/event-store/test/redis-nodes.js';
import { exportSprint, replayed } from '../../harness/audit.js';
import { LiveEvents } from '../../harness/events.js';
import { openPlace, type Place } from '../../harness/place.js';
import { ATLAS, fingerprintOf, makeRepository, ourBranches } from '../../harness/repositories.js';
import { launch, type Service } from '../../harness/service.js';
import { ALL_PASSED, approve, completed, outcomesOf, propose } from '../../harness/sprints.js';

describe('the main job on a Redis Cluster of three masters', () => {
  let place: Place;
  let cluster: RedisCluster;
  let service: Service;

  beforeAll(async () => {
    cluster = await startRedisCluster();
    const nodes = cluster.masters.map(({ host, port }) => `${host}:${port}`).join(',');
    place = await openPlace({ REDIS_URL: `redis+cluster://${nodes}` });
    service = launch(place);
  }, 60_000);
  afterAll(async () => {
    await service?.stop();
    await cluster?.end();
    await place?.remove();
  });

  it('is done as on one Redis: plan, execute, verify, replay; told on the channel of every node; statuses where they lie', async () => {
    const api = await service.ready;
    const repository = await makeRepository(place.repositories, 'atlas', ATLAS);
    const before = await fingerprintOf(repository);
    const owner = await cluster.ownerOf('{p0}');
    const other = cluster.masters.find((node) => node !== owner) ?? owner;
    const subscriber = new Redis({ host: other.host, port: other.port });
    const channel: string[] = [];
    subscriber.on('message', (_channel, message: string) => channel.push(message));
    await subscriber.subscribe('hypercode.events');
    const live = await LiveEvents.open(api);
    const plan = await propose(api, { repository });
    await approve(api, plan);
    const sprint = await completed(api, plan.planId);
    const ended = await live.wait('sprint.completed', plan.planId);
    expect(outcomesOf(sprint)).toEqual(ALL_PASSED);
    expect(await ourBranches(repository)).toHaveLength(3);
    expect(compareFingerprints(before, await fingerprintOf(repository))).toEqual([]);
    const exported = await exportSprint(api, plan.planId);
    expect(exported.verified).toMatchObject({ valid: true, problems: [] });
    expect(replayed(exported, sprint)).toEqual({ ...sprint, cursor: expect.any(String) });

    const resumed = await LiveEvents.open(api, { after: plan.cursor });
    await resumed.wait('sprint.completed', plan.planId);
    const after = live.events.filter(({ position }) => Number(position) > Number(plan.cursor.split('.')[1]));
    expect(resumed.events.map(({ id }) => id)).toEqual(after.map(({ id }) => id));
    // It comes to the node of the subscriber by the bus of the cluster, in its own time.
    await until(async () => channel.length >= live.events.length);
    const told = channel.map((text) => (JSON.parse(text) as { id: string }).id);
    expect(told.slice(0, live.events.length)).toEqual(live.events.map(({ id }) => id));
    expect(told).toContain(ended.id);
    for (const stream of [live, resumed]) stream.close();
    subscriber.disconnect();

    // One hash per agent, on whichever master its name puts it.
    const statuses = await Promise.all(cluster.masters.map(({ client }) => client.keys('agent:status:*')));
    const agents = (await api.get<{ items: readonly { id: string }[] }>('/agents')).body.items;
    expect(statuses.flat().toSorted()).toEqual(agents.map(({ id }) => `agent:status:${id}`).toSorted());
    expect(statuses.filter((some) => some.length > 0).length).toBeGreaterThan(1);
  }, 90_000);
});
