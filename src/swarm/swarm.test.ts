import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AgentRegistry } from '#agents';
import {
  agentStream,
  sprintStream,
  taskStream,
  type AgentId,
  type AnyEvent,
  type Position,
  type TaskId,
  type Version,
} from '#contracts';
import { event } from '#domain';
import { claimed, queued, sprintId } from '../../libs/domain/src/plan.fixture.js';
import { openRooms, type Rooms } from '../../test/harness/rooms.js';
import { CONFIG, type Config } from '../config/config.js';
import { IsolationModule } from '../isolation/isolation.module.js';
import { Decisions } from '../world/decisions.port.js';
import { LiveWorld } from '../world/live-world.port.js';
import { ParkedEvents } from '../world/parked-events.port.js';
import { WorldModule } from '../world/world.module.js';
import { Roster } from './roster.port.js';
import { SwarmModule } from './swarm.module.js';

interface Seen {
  readonly code?: string;
  readonly items?: readonly { readonly alertId: string; readonly acknowledgedBy?: string }[];
}

const alert = (alertId: string) =>
  event('alert.raised', { alertId, severity: 'warning', kind: 'task.stalled', text: `Nothing was heard: ${alertId}.` });

describe('the swarm', () => {
  let rooms: Rooms;
  let elsewhere: LiveWorld;

  const json = async (path: string, init?: Parameters<Rooms['fetch']>[1]) => {
    const response = await rooms.fetch(path, init);
    return { status: response.status, body: (await response.json()) as Seen };
  };
  const acknowledge = (alertId: string, key: string) =>
    json(`/alerts/${alertId}/acknowledge`, {
      method: 'POST',
      headers: { 'idempotency-key': key },
    });
  const raise = async (alertId: string) => {
    await rooms.append(sprintId, [alert(alertId)]);
    await rooms.app.get(LiveWorld).until(({ alerts }) => alerts.has(alertId));
    return { cursor: rooms.store.cursorOf(await rooms.store.top()) };
  };
  const typesOf = async (id: string) => (await rooms.store.read(agentStream(id as AgentId))).map(({ type }) => type);

  beforeAll(async () => {
    rooms = await openRooms({ imports: [IsolationModule, WorldModule, SwarmModule] });
    elsewhere = new LiveWorld(rooms.store, new ParkedEvents());
    await elsewhere.ready();
  });
  afterAll(async () => {
    await elsewhere.onModuleDestroy();
    await rooms.close();
  });

  it('lists what needs a person, newest first, and who has seen what', async () => {
    await raise('first');
    await raise('second');
    await acknowledge('first', 'seen');
    const { body } = await json('/alerts');
    expect(body.items).toMatchObject([{ alertId: 'second' }, { alertId: 'first', acknowledgedBy: expect.any(String) }]);
    expect(body.items?.[0]).toMatchObject({
      severity: 'warning',
      kind: 'task.stalled',
      text: 'Nothing was heard: second.',
      stream: sprintStream(sprintId),
      time: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(body.items?.[0]?.acknowledgedBy).toBeUndefined();
  });

  it('writes once that an alert was seen, however often that is said', async () => {
    await raise('third');
    const first = await acknowledge('third', 'once');
    expect(first).toMatchObject({ status: 200, body: { alertId: 'third', cursor: expect.any(String) } });
    expect(await acknowledge('third', 'once')).toEqual(first);
    expect((await acknowledge('third', 'twice')).status).toBe(200);
    const told = await rooms.store.read(sprintStream(sprintId));
    expect(told.filter((one) => one.type === 'alert.acknowledged' && one.data.alertId === 'third')).toHaveLength(1);
  });

  it('says so when there is no such alert', async () => {
    const { status, body } = await acknowledge('nowhere', 'unknown');
    expect([status, body.code]).toEqual([404, 'alert.unknown']);
  });

  it('is shown as it was at a moment: nobody yet, an alert that nobody had seen', async () => {
    const { cursor } = await raise('fourth');
    await acknowledge('fourth', 'seen-at-last');
    const seenBy = async (query: string) => {
      const { items = [] } = (await json(`/alerts${query}`)).body;
      return items.find(({ alertId }) => alertId === 'fourth')?.acknowledgedBy;
    };
    expect([await seenBy(''), await seenBy(`?at=${cursor}`)]).toEqual([expect.any(String), undefined]);
    const first = `?at=${rooms.store.cursorOf(1 as Position)}`;
    expect((await json(`/agents${first}`)).body).toEqual({ items: [], cursor: rooms.store.cursorOf(1 as Position) });
    expect((await json(`/agents/links-1${first}`)).status).toBe(404);
    expect((await json(`/agents/links-1?at=${cursor}`)).body).toMatchObject({ id: 'links-1', status: 'idle' });
    expect((await json('/agents?at=yesterday')).status).toBe(422);
  });

  it('registers an agent once when two workers need it at the same instant', async () => {
    const { app } = rooms;
    const here = app.get(Roster);
    const there = new Roster(app.get(Decisions), elsewhere, app.get(AgentRegistry), app.get<Config>(CONFIG));
    expect(await Promise.all([here.enlist('links', 2), there.enlist('links', 2)])).toEqual(['links-2', 'links-2']);
    expect(await typesOf('links-2')).toEqual(['agent.registered']);
    await here.enlist('links', 2);
    expect(await typesOf('links-2')).toEqual(['agent.registered']);
    expect(await Promise.all([here.enlist('links', 3), there.enlist('links', 4)])).toEqual(['links-3', 'links-4']);
    for (const id of ['links-3', 'links-4']) expect(await typesOf(id)).toEqual(['agent.registered']);
  });

  it('signs off agents of kinds that are not configured any more, once they are at no task, and takes them back', async () => {
    const { app, store } = rooms;
    const [live, decisions] = [app.get(LiveWorld), app.get(Decisions)];
    const [idle, busy] = [await app.get(Roster).enlist('markdown', 1), await app.get(Roster).enlist('markdown', 2)];
    const write = (commandId: string, ...events: readonly AnyEvent[]) =>
      store.append({
        commandId,
        commandHash: 'a'.repeat(64),
        actor: 'system',
        writes: [
          {
            stream: taskStream('t-1' as TaskId),
            guard: { kind: 'exact', version: live.world.versions.get(taskStream('t-1' as TaskId)) ?? (0 as Version) },
            subjects: { taskId: 't-1' as TaskId, agentId: busy },
            events,
          },
        ],
      });
    await write('busy', queued, claimed(1, busy));
    await live.until(({ board }) => board.agents.get(busy)?.status === 'working');
    const others = new AgentRegistry();
    for (const kind of ['links', 'spelling', 'lint']) others.register(() => app.get(AgentRegistry).create(kind));
    const roster = new Roster(decisions, live, others, app.get<Config>(CONFIG));
    await roster.onApplicationBootstrap();
    await live.until(({ board }) => board.agents.get(idle)?.status === 'offline');
    expect(live.world.board.agents.get(busy)?.status).toBe('working');
    await write('free', event('task.cancelled', { reason: 'Enough.' }));
    await live.until(({ board }) => board.agents.get(busy)?.status === 'offline');
    expect(await typesOf(idle)).toEqual(['agent.registered', 'agent.deregistered']);
    // Whoever needs it again has it again, and is not contradicted.
    await app.get(Roster).enlist('markdown', 1);
    expect(await typesOf(idle)).toEqual(['agent.registered', 'agent.deregistered', 'agent.registered']);
    roster.onModuleDestroy();
  });

  it('registers an agent anew that had gone', async () => {
    const roster = rooms.app.get(Roster);
    const id = await roster.enlist('links', 5);
    const { version } = await rooms.store.head(agentStream(id));
    await rooms.store.append({
      commandId: 'gone',
      commandHash: 'a'.repeat(64),
      actor: 'system',
      writes: [
        {
          stream: agentStream(id),
          guard: { kind: 'exact', version },
          subjects: { agentId: id },
          events: [event('agent.deregistered', { reason: 'Not needed.' })],
        },
      ],
    });
    await rooms.app.get(LiveWorld).until(({ board }) => board.agents.get(id)?.status === 'offline');
    await roster.enlist('links', 5);
    expect(await typesOf(id)).toEqual(['agent.registered', 'agent.deregistered', 'agent.registered']);
  });
});
