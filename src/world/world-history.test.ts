import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import {
  agentStream,
  HyperRunError,
  sprintStream,
  taskStream,
  type AgentId,
  type AnyEvent,
  type Oid,
  type Position,
  type Recorded,
  type Sha256,
  type StreamName,
  type TaskId,
  type Version,
} from '#contracts';
import { event, evolveWorld, newWorld, type TakenOut } from '#domain';
import { commandHash, InMemoryEventStore, newId } from '#event-store';
import {
  approved,
  baseVerified,
  claimed,
  completed,
  plannedTask,
  proposed,
  queued,
  requested,
  running,
  sprintId,
  started,
} from '../../libs/domain/src/plan.fixture.js';
import { LiveWorld } from './live-world.port.js';
import { ParkedEvents } from './parked-events.port.js';
import { momentOf } from './moment.port.js';
import { WorldHistory } from './world-history.port.js';

const SPRINT = sprintStream(sprintId);
const [FIRST, SECOND] = [taskStream('t-1' as TaskId), taskStream('t-2' as TaskId)];
const AT_FIRST = Date.parse('2026-01-01T00:00:00.000Z');

describe('the world as it was', () => {
  let now: number;
  let store: InMemoryEventStore;
  let live: LiveWorld;
  let history: WorldHistory;

  const happen = async (stream: StreamName, ...events: AnyEvent[]) => {
    const { version } = await store.head(stream);
    const guard = { kind: 'exact', version } as const;
    const agentId = stream.slice('agent-'.length) as AgentId;
    await store.append({
      commandId: newId(),
      commandHash: commandHash({}),
      actor: 'system',
      writes: [{ stream, guard, subjects: { agentId }, events }],
    });
  };
  const registered = (id: string) =>
    event('agent.registered', { agentId: id as AgentId, kind: 'links', name: id, role: 'Mends links' });
  const opened = (failures: number) => event('agent.circuit-opened', { failures, until: failures });
  const cursor = (position: number) => store.cursorOf(position as Position);

  beforeEach(async () => {
    now = AT_FIRST;
    store = new InMemoryEventStore(() => now);
    live = new LiveWorld(store, new ParkedEvents());
    history = new WorldHistory(store, live);
    for (let failures = 1; failures <= 60; failures++) {
      const id = `links-${failures % 7}`;
      now += failures % 3 === 0 ? 1000 : 0;
      if (failures <= 7) await happen(agentStream(id as AgentId), registered(id));
      else await happen(agentStream(id as AgentId), opened(failures));
    }
    await live.ready();
  });
  afterEach(async () => {
    await history.onModuleDestroy();
    await live.onModuleDestroy();
    await store.close();
  });

  /** Folded from the first event on, by nothing but the rules. */
  const folded = async (until: number) => {
    const world = newWorld();
    for (const entry of await store.readAll(0 as Position, until)) evolveWorld(world, entry.event);
    return world;
  };

  it('is at every cursor what the log says up to it, whatever was asked for before', async () => {
    for (const position of [30, 10, 61, 31, 30, 1, 0, 45, 12])
      expect((await history.at(cursor(position))).world).toEqual(await folded(position));
    expect((await history.at(undefined)).world).toBe(live.world);
  });

  it('is the same for all who ask at the same time, and not the present that goes on', async () => {
    const top = live.world.position;
    const [first, second] = await Promise.all([history.at(cursor(top)), history.at(cursor(top))]);
    await happen(agentStream('links-1' as AgentId), opened(99));
    await live.reached((top + 1) as Position);
    expect([first.position, second.position, live.world.position]).toEqual([top, top, top + 1]);
    expect(first.world).toEqual(await folded(top));
    expect(first.cursor).toBe(cursor(top));
  });

  it('is at every time what had happened until then, that instant included', async () => {
    const all = await store.readAll(0 as Position, 1000);
    for (let time = AT_FIRST - 500; time < now + 1000; time += 500) {
      const position = await momentOf(store, new Date(time).toISOString());
      expect(position).toBe(all.filter((entry) => entry.event.time <= time).length);
    }
    expect(await momentOf(store, '2026-01-01T01:00:05.000+01:00')).toBe(
      all.filter((entry) => entry.event.time <= AT_FIRST + 5000).length,
    );
  });

  it('waits for what this process has not folded yet', async () => {
    const stream = agentStream('links-1' as AgentId);
    await happen(stream, ...Array.from({ length: 20 }, (_, index) => opened(index)));
    const { version } = await store.head(stream);
    expect(version).toBeGreaterThan(20);
    const top = await store.top();
    expect((await history.at(cursor(top))).position).toBe(top);
  });

  it('holds nowhere what was taken out, at no moment and in no process, and all else as before', async () => {
    const another = new LiveWorld(store, new ParkedEvents());
    await another.ready();
    const stream = agentStream('links-1' as AgentId);
    const alert = (alertId: string, text: string) =>
      event('alert.raised', { alertId, severity: 'warning', kind: 'x', text });
    await happen(stream, alert('a-1', 'swordfish'), alert('a-2', 'It waits.'));
    const [position, version] = [(await store.top()) - 1, (await store.head(stream)).version - 1];
    await happen(stream, opened(99));
    await live.reached(await store.top());
    const times = [position, position + 1, position + 2].map(cursor);
    for (const time of times) expect((await history.at(time)).world.alerts.get('a-1')?.text).toBe('swordfish');
    const [told] = await store.read(stream, version as Version);
    const what = {
      eventId: told?.id ?? '',
      version: version as Version,
      digest: 'a'.repeat(64) as Sha256,
      reason: 'A key.',
    };
    const left = JSON.stringify({ ...told?.data, text: '[redacted]' });
    await store.redact({ stream, position: position as Position, ...what, left });
    await happen(stream, event('event.redacted', what));
    for (const one of [live, another]) {
      await one.until(({ alerts }) => alerts.get('a-1')?.text === '[redacted]');
      expect(one.world.alerts.get('a-2')?.text).toBe('It waits.');
    }
    for (const time of times) {
      const { alerts } = (await history.at(time)).world;
      expect([alerts.get('a-1')?.text, alerts.get('a-2')?.text ?? 'It waits.']).toEqual(['[redacted]', 'It waits.']);
    }
    await another.onModuleDestroy();
  });

  describe('of which texts are taken out', () => {
    const KEPT = [10, 20, 30];
    let then: WorldHistory;
    let takeOut: (events: () => readonly Recorded[]) => void;

    beforeEach(async () => {
      const onTakenOut = jest.spyOn(live, 'onTakenOut');
      then = new WorldHistory(store, live);
      const tell = onTakenOut.mock.calls[0]?.[0];
      onTakenOut.mockRestore();
      takeOut = (events) => {
        const takenOut = { stream: agentStream('links-1' as AgentId), eventId: 'e-1' };
        tell?.(Object.defineProperty(takenOut, 'events', { get: events }) as TakenOut, live.world.position as Position);
      };
      for (const position of KEPT) await then.at(cursor(position));
    });
    afterEach(() => then.onModuleDestroy());

    it('lets others have their turn between what is kept', async () => {
      const events = jest.fn(() => []);
      takeOut(events);
      await nextTurn();
      expect(events).toHaveBeenCalledTimes(1);
      await then.at(cursor(10));
      expect(events).toHaveBeenCalledTimes(KEPT.length);
    });

    it('is folded anew when that failed', async () => {
      const warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
      const { world } = await then.at(cursor(30));
      takeOut(() => {
        throw new Error('It was in a hurry.');
      });
      const anew = (await then.at(cursor(30))).world;
      expect(anew).toEqual(await folded(30));
      expect(anew).not.toBe(world);
      expect(warn).toHaveBeenCalledWith(expect.stringContaining('It was in a hurry.'));
      warn.mockRestore();
    });
  });

  it('counts once what an archived sprint came to, where it had looked into it before its archive was let go of', async () => {
    const digest = 'a'.repeat(64) as Sha256;
    const dropped = new HyperRunError('archive.dropped', 'It was let go of.', { digest });
    const read = () => {
      throw dropped;
    };
    const kept = new InMemoryEventStore(() => now, { read });
    const present = new LiveWorld(kept, new ParkedEvents());
    const then = new WorldHistory(kept, present);
    const tell = async (stream: StreamName, ...events: readonly AnyEvent[]) => {
      const guard = { kind: 'exact', version: (await kept.head(stream)).version } as const;
      const subjects = stream === SPRINT ? { sprintId } : { sprintId, taskId: stream.slice('task-'.length) as TaskId };
      const id = newId();
      await kept.append({
        commandId: id,
        commandHash: commandHash(id),
        actor: 'system',
        writes: [{ stream, guard, subjects, events }],
      });
      await present.reached(await kept.top());
    };
    const at = (position: number) => then.wholeAt(kept.cursorOf(position as Position));
    await present.ready();
    await tell(SPRINT, requested, proposed, approved, baseVerified('passed'), started);
    const passed = event('task.passed', { branch: 'b', commit: 'c'.repeat(40) as Oid });
    const task = (id: string) => event('task.queued', { ...queued.data, task: plannedTask(id) });
    await tell(FIRST, task('t-1'), claimed(), passed);
    const middle = await kept.top();
    await at(middle);
    await tell(SECOND, task('t-2'), claimed(), passed);
    await tell(SPRINT, ...completed.slice(running.length));
    const { records } = present.world.records;
    const to = 3 as Version;
    await kept.trim(new Map([FIRST, SECOND].map((stream) => [stream, { to, digest, sprintId }])));
    const heads = [FIRST, SECOND].map((stream) => ({ stream, version: to, hash: digest }));
    const left = { records: [...records.values()], agents: [], alerts: [], circuits: [] };
    await tell(SPRINT, event('sprint.archived', { digest, bytes: 1, heads, count: 13, left }));
    await tell(SPRINT, event('alert.acknowledged', { alertId: 'a-1' }));
    expect((await at((await kept.top()) - 1)).world.records.records).toEqual(records);
    expect([...records.values()]).toMatchObject([{ passed: 2, tried: 2 }]);
    await expect(at(middle)).rejects.toMatchObject({ code: 'archive.dropped', details: { sprintId, digest } });
    expect((await then.at(kept.cursorOf(middle))).world.sprints.get(sprintId)?.status).toBe('running');
    await then.onModuleDestroy();
    await present.onModuleDestroy();
    await kept.close();
  });

  it.each([
    ['yesterday', 'cursor.invalid'],
    ['2026-01-01T00:00:00', 'cursor.invalid'],
    ['ffffffffff.3', 'cursor.other-incarnation'],
  ])('is not known at "%s"', async (at, code) => {
    await expect(history.at(at)).rejects.toMatchObject({ code });
    await expect(history.at(cursor(1000))).rejects.toMatchObject({ code: 'cursor.beyond-top' });
    expect((await history.at(cursor(5))).position).toBe(5);
  });
});
