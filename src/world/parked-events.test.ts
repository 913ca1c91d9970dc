import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import type { Position } from '#contracts';
import { keysOf, newId } from '#event-store';
import { openRooms, type Rooms } from '../../test/harness/rooms.js';
import { SseReader } from '../../test/harness/sse-reader.js';
import { OpsModule } from '../ops/ops.module.js';
import { OrchestratorModule } from '../orchestrator/orchestrator.module.js';
import { StreamModule } from '../stream/stream.module.js';
import { LiveWorld } from './live-world.port.js';
import { WorldModule } from './world.module.js';

describe('events that this program cannot read, or not fold', () => {
  let rooms: Rooms;
  let redis: Redis;
  let reader: SseReader;

  /** As another program might append, past every check of ours. */
  const append = async (stream: string, version: number, type: string, data: string) => {
    const keys = keysOf('hyper:');
    const position = await redis.hincrby(keys.meta, 'position', 1);
    const id = newId();
    const header = { type, id, stream, actor: 'system', commandId: id, commandHash: 'a'.repeat(64), schemaVersion: 1, version, position, time: 1 }; // prettier-ignore
    const event = { specversion: '1.0', id, source: '/', type: `hyperrun.${type}`, time: '2026-01-01T00:00:00.000Z', stream, streamversion: `${version}`, position: `${position}`, schemaversion: '1', actor: 'system', data: JSON.parse(data) as unknown }; // prettier-ignore
    await redis
      .multi()
      .xadd(keys.log(stream as never), `${version}-0`, 'h', JSON.stringify(header), 'd', data)
      .hset(keys.head(stream as never), 'v', version)
      .sadd(keys.catalogue, stream)
      .xadd(keys.all, `${position}-0`, 's', stream, 'v', version)
      .xadd(keys.feed, `${position}-0`, 'stream', stream, 'version', version, 'event', JSON.stringify(event))
      .exec();
    return position as Position;
  };
  const open = (redis?: Rooms['redis']) =>
    openRooms({ imports: [WorldModule, StreamModule, OpsModule, OrchestratorModule], ...(redis && { redis }) });
  const ready = async () => (await rooms.fetch('/health/ready')).json() as Promise<Record<string, unknown>>;
  const alerts = () =>
    [...rooms.app.get(LiveWorld).world.alerts.values()].map(({ alertId, kind }) => `${alertId} ${kind}`);

  beforeAll(async () => {
    rooms = await open();
    redis = new Redis({ path: rooms.redis.path });
    reader = await SseReader.open(`${rooms.url}/events/stream`, rooms.token);
    await reader.until(() => reader.messages.length > 0);
  });
  afterAll(async () => {
    reader.close();
    redis.disconnect();
    await rooms.close();
  });

  it('are parked and named in health, metrics and an alert, and everything else goes on', async () => {
    const unknown = await append('sprint-new', 1, 'sprint.sung', '{"song":1}');
    const unfit = await append('task-broken', 1, 'task.queued', '{}');
    await rooms.append('s1', [{ type: 'sprint.resumed', data: {} }]);
    const live = rooms.app.get(LiveWorld);
    await live.until(({ alerts: raised }) => raised.has(`parked-${unknown}`));
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
        expect.objectContaining({ projection: 'board', position: unfit, stream: 'task-broken' }),
      ]),
    );
    expect(live.world.versions.get('task-broken' as never)).toBe(1);
    const metrics = await (await rooms.fetch('/metrics')).text();
    expect(metrics).toContain('hyper_run_parked_events{projection="world"} 1');
    expect(metrics).toContain('hyper_run_projection_lag_events 0');
    expect(alerts()).toContain(`parked-${unknown} log.event-parked`);
    await reader.until(() => reader.positions.at(-1) === live.world.position);
    expect(reader.positions.slice(-4)).toContain(unfit);
    const told = reader.events.map(({ data }) => (JSON.parse(data) as { type: string }).type);
    expect(told).toContain('hyperrun.sprint.sung');
    const history = (await (await rooms.fetch('/events?after=&limit=100&type=sprint.resumed')).json()) as {
      items?: unknown[];
    };
    expect(history.items ?? history).toHaveLength(1);
    await expect(rooms.store.read('sprint-new' as never)).rejects.toMatchObject({ code: 'log.unknown-event' });
  });

  it('are parked again by the next service, which raises no second alert', async () => {
    const before = await rooms.store.top();
    const other = await open(rooms.redis);
    try {
      const { projections } = (await (await other.fetch('/health/ready')).json()) as {
        projections: { parkedEvents: number };
      };
      expect(projections.parkedEvents).toBeGreaterThan(0);
      await rooms.append('s2', [{ type: 'sprint.resumed', data: {} }]);
      await other.app.get(LiveWorld).until(({ position }) => position > before);
      expect(alerts().filter((alert) => alert.includes('log.event-parked'))).toHaveLength(1);
    } finally {
      await other.close();
    }
  });
});
