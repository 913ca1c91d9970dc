import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SYSTEM_STREAM, type Position } from '#contracts';
import { startRedisServer, type RedisServer } from '../../libs/event-store/test/redis-server.js';
import { appendForeign } from '../../test/harness/foreign-event.js';
import { openRooms, type Rooms } from '../../test/harness/rooms.js';
import { SseReader } from '../../test/harness/sse-reader.js';
import { IsolationModule } from '../isolation/isolation.module.js';
import { OpsModule } from '../ops/ops.module.js';
import { OrchestratorModule } from '../orchestrator/orchestrator.module.js';
import { StreamModule } from '../stream/stream.module.js';
import { LiveWorld } from './live-world.port.js';
import { WorldModule } from './world.module.js';

describe('events that this program cannot read, or not fold', () => {
  let rooms: Rooms;
  let redis: RedisServer;
  let unknown: Position;
  let reader: SseReader;

  const open = () =>
    openRooms({ redis, imports: [IsolationModule, WorldModule, StreamModule, OpsModule, OrchestratorModule] });
  const ready = async () => (await rooms.fetch('/health/ready')).json() as Promise<Record<string, unknown>>;
  const alerts = () =>
    [...rooms.app.get(LiveWorld).world.alerts.values()].map(({ alertId, kind }) => `${alertId} ${kind}`);

  beforeAll(async () => {
    redis = await startRedisServer('--appendfsync', 'always');
    unknown = await appendForeign(redis.path, 'sprint-new', 'sprint.sung', '{"song":1}');
    rooms = await open();
    reader = await SseReader.open(`${rooms.url}/events/stream`, rooms.token, {
      'last-event-id': rooms.store.cursorOf(0 as Position),
    });
    await reader.until(() => reader.messages.length > 0);
  });
  afterAll(async () => {
    reader.close();
    await rooms.close();
    await redis.end();
  });

  it('are parked and named in health, metrics and an alert, and everything else goes on', async () => {
    const unfit = await appendForeign(redis.path, 'task-broken', 'task.queued', '{}');
    await rooms.append('s1', [{ type: 'sprint.resumed', data: {} }]);
    const live = rooms.app.get(LiveWorld);
    await live.until(({ alerts: raised }) => raised.has(`parked-${unknown}`) && raised.has(`parked-${unfit}`));
    const { projections } = (await ready()) as { projections: { lag: number; parked: unknown[] } };
    expect(projections.lag).toBe(0);
    expect(projections.parked).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          projection: 'world',
          position: unknown,
          stream: 'sprint-new',
          version: 1,
          error: expect.stringContaining('"sprint.sung"'),
        }),
        expect.objectContaining({ projection: 'board', position: unfit, stream: 'task-broken', type: 'task.queued' }),
      ]),
    );
    expect(live.world.versions.get('task-broken' as never)).toBe(1);
    const metrics = await (await rooms.fetch('/metrics')).text();
    expect(metrics).toContain('hyper_run_parked_events{projection="world"} 1');
    expect(metrics).toContain('hyper_run_parked_events{projection="board"} 1');
    expect(metrics).toContain('hyper_run_projection_lag_events 0');
    expect(alerts()).toContain(`parked-${unknown} log.event-parked`);
    await reader.until(() => reader.positions.at(-1) === live.world.position);
    expect(reader.positions).toEqual(Array.from({ length: live.world.position }, (_, index) => index + 1));
    const told = reader.events.map(({ data }) => (JSON.parse(data) as { type: string }).type);
    expect(told).toContain('hyperrun.sprint.sung');
    const history = (await (await rooms.fetch('/events?limit=100&type=sprint.resumed')).json()) as {
      items?: unknown[];
    };
    expect(history.items ?? history).toHaveLength(1);
    await expect(rooms.store.read('sprint-new' as never)).rejects.toMatchObject({ code: 'log.unknown-event' });
  });

  it('are parked again by the next service, which raises no second alert', async () => {
    const before = await rooms.store.top();
    const other = await open();
    try {
      const { projections } = (await (await other.fetch('/health/ready')).json()) as {
        projections: { parkedEvents: number };
      };
      expect(projections.parkedEvents).toBeGreaterThan(0);
      await rooms.append('s2', [{ type: 'sprint.resumed', data: {} }]);
      await other.app.get(LiveWorld).until(({ position }) => position > before);
    } finally {
      // Whoever stops waits for what it raises.
      await other.close();
    }
    const told = await rooms.store.read(SYSTEM_STREAM);
    expect(told.flatMap(({ type, data }) => (type === 'alert.raised' ? [data] : []))).toMatchObject([
      { kind: 'log.event-parked' },
      { kind: 'log.event-parked' },
    ]);
  });

  it('are parked in the stream of the system, too, and keep no service from starting', async () => {
    const position = await appendForeign(redis.path, SYSTEM_STREAM, 'system.sung', '{}');
    const other = await open();
    try {
      const { projections } = (await (await other.fetch('/health/ready')).json()) as {
        projections: { parked: unknown[] };
      };
      expect(projections.parked).toContainEqual(expect.objectContaining({ position, stream: SYSTEM_STREAM }));
    } finally {
      await other.close();
    }
  });
});
