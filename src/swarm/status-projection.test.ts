import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import {
  agentStream,
  taskStream,
  type AgentId,
  type AnyEvent,
  type Epoch,
  type Oid,
  type StreamName,
} from '#contracts';
import { event } from '#domain';
import { commandHash, newId } from '#event-store';
import { ada, queued } from '../../libs/domain/src/plan.fixture.js';
import { openRooms, type Rooms } from '../../test/harness/rooms.js';
import { IsolationModule } from '../isolation/isolation.module.js';
import { LiveWorld } from '../world/live-world.port.js';
import { WorldModule } from '../world/world.module.js';
import { SwarmModule } from './swarm.module.js';

const PREFIX = 'tests:';
const { taskId } = queued.data.task;
const seen = (failures: number) => event('agent.circuit-opened', { failures, until: 60_000 });

describe('agent:status:<id>', () => {
  let rooms: Rooms;
  let redis: Redis;
  let events: Redis;
  const keyOf = (id: string) => `${PREFIX}agent:status:${id}`;

  /** The hash as soon as it is like this; it is looked at again whenever Redis tells that one of them was written. */
  const hashWhere = async (id: string, isSo: (hash: Readonly<Record<string, string>>) => boolean) => {
    for (;;) {
      const written = once(events, 'pmessage');
      const hash = await redis.hgetall(keyOf(id));
      if (isSo(hash)) return hash;
      await written;
    }
  };
  const atVersion = (id: string, version: number) => hashWhere(id, (hash) => Number(hash['version']) === version);

  /** One event about each of these agents, in one append; the position of each. */
  const told = async (...ids: readonly string[]) => {
    const streams = ids.map((id) => agentStream(id as AgentId));
    const { position } = await append(...streams.map((stream) => ({ stream, events: [seen(1)] })));
    return ids.map((_, index) => position - (ids.length - 1 - index));
  };
  const append = async (...wanted: readonly { stream: StreamName; events: readonly AnyEvent[] }[]) => {
    const writes = [];
    for (const { stream, events: some } of wanted) {
      const { version } = await rooms.store.head(stream);
      const subjects = stream.startsWith('task-') ? { taskId } : { agentId: stream.slice('agent-'.length) as AgentId };
      writes.push({ stream, guard: { kind: 'exact', version } as const, subjects, events: some });
    }
    return rooms.store.append({ commandId: newId(), commandHash: commandHash({}), actor: 'system', writes });
  };

  beforeAll(async () => {
    rooms = await openRooms({
      env: { HYPER_RUN_PREFIX: PREFIX },
      imports: [IsolationModule, WorldModule, SwarmModule],
    });
    redis = new Redis({ path: rooms.redis.path });
    events = new Redis({ path: rooms.redis.path });
    await redis.config('SET', 'notify-keyspace-events', 'Kh');
    await events.psubscribe(`__keyspace@0__:${PREFIX}agent:status:*`);
  });
  afterAll(async () => {
    redis.disconnect();
    events.disconnect();
    await rooms.close();
  });

  it('stands behind the prefix for every agent, with the fields of one that does nothing', async () => {
    const hash = await hashWhere('links-1', (one) => one['version'] !== undefined);
    expect(hash).toEqual({
      id: 'links-1',
      name: expect.stringMatching(/ 1$/),
      role: expect.any(String),
      status: 'idle',
      lastSeen: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      isolation: 'memory',
      version: expect.stringMatching(/^\d+$/),
    });
    const agents = [...rooms.app.get(LiveWorld).world.board.agents.keys()];
    for (const id of agents) await hashWhere(id, (one) => one['id'] === id);
    expect((await redis.keys('*agent:status:*')).toSorted()).toEqual(agents.map(keyOf).toSorted());
  });

  it('names the task while there is one, and no longer', async () => {
    const stream = taskStream(taskId);
    const agentId = 'links-1' as AgentId;
    const claimed = event('task.claimed', { worker: ada, agentId, epoch: 1 as Epoch, attempt: 1 });
    const begun = await append({ stream, events: [queued, claimed] });
    expect(await atVersion('links-1', begun.position)).toMatchObject({
      status: 'working',
      currentTaskId: taskId,
      currentTaskSummary: queued.data.task.title,
      lastProgress: expect.stringMatching(/^\d{4}-/),
    });
    const passed = event('task.passed', { branch: `hyper-run/${taskId}`, commit: 'c'.repeat(40) as Oid });
    const ended = await append({ stream, events: [passed] });
    const free = await atVersion('links-1', ended.position);
    expect(free).toMatchObject({ status: 'idle' });
    expect(Object.keys(free)).not.toEqual(expect.arrayContaining(['currentTaskId']));
    expect(Object.keys(free)).not.toEqual(expect.arrayContaining(['currentTaskSummary']));
  });

  it('is not overwritten by what is older than it, and is by what is newer', async () => {
    const [first = '', second = ''] = rooms.app.get(LiveWorld).world.board.agents.keys();
    const newer = { version: '1000000', name: 'Written by a newer service' };
    await redis.hset(keyOf(first), newer);
    const [, position = 0] = await told(first, second);
    // Cards are written in the order of the board: when the second is there, the first was tried.
    await atVersion(second, position);
    expect(await redis.hgetall(keyOf(first))).toMatchObject(newer);
    await redis.hset(keyOf(first), { version: '1', name: 'Written by an older service' });
    const [now = 0] = await told(first);
    expect(await atVersion(first, now)).toMatchObject({ circuitOpenUntil: '1970-01-01T00:01:00.000Z' });
    expect((await atVersion(first, now))['name']).not.toMatch('Written by');
  });

  it('is written again, whole, by the next event after somebody has deleted it', async () => {
    const before = await hashWhere('links-1', (one) => one['id'] !== undefined);
    await redis.del(keyOf('links-1'));
    const [position = 0] = await told('links-1');
    const { lastSeen, version, ...after } = await atVersion('links-1', position);
    expect(before).toMatchObject(after);
    expect(lastSeen).toBeDefined();
    expect(Number(version)).toBeGreaterThan(Number(before['version']));
  });

  it('takes the same version again, refuses a lower one, and drops fields that are empty', async () => {
    const script = await readFile(new URL('./agent-status.lua', import.meta.url), 'utf8');
    const write = (version: number, ...fields: readonly string[]) => redis.eval(script, 1, 'card', version, ...fields);
    expect(await write(9, 'name', 'Nine', 'currentTaskId', 't-1')).toBe(1);
    expect(await write(8, 'name', 'Eight')).toBe(0);
    expect(await redis.hgetall('card')).toEqual({ name: 'Nine', currentTaskId: 't-1', version: '9' });
    expect(await write(9, 'name', 'Nine again', 'currentTaskId', '')).toBe(1);
    expect(await redis.hgetall('card')).toEqual({ name: 'Nine again', version: '9' });
    expect(await write(10, 'name', 'Ten')).toBe(1);
    expect(await redis.hgetall('card')).toEqual({ name: 'Ten', version: '10' });
  });
});
