import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { agentStream, type AgentId } from '#contracts';
import { event } from '#domain';
import { commandHash, newId } from '#event-store';
import { openRooms, type Rooms } from '../../test/harness/rooms.js';
import { SseReader } from '../../test/harness/sse-reader.js';
import { IsolationModule } from '../isolation/isolation.module.js';
import { SSE_OPTIONS, SseConnections, type SseOptions } from '../stream/sse-connections.port.js';
import { LiveWorld } from '../world/live-world.port.js';
import { WorldModule } from '../world/world.module.js';
import { SwarmModule } from './swarm.module.js';

interface Upsert {
  readonly kind: string;
  readonly id: string;
  readonly revision: number;
  readonly cursor: string;
  readonly entity: { readonly id: string; readonly version: number };
}

describe('the stream of agents', () => {
  let rooms: Rooms;
  let readers: SseReader[] = [];
  const open = async (query = '', headers: Record<string, string> = {}) => {
    const reader = await SseReader.open(`${rooms.url}/agents/stream${query}`, rooms.token, headers);
    readers.push(reader);
    return reader;
  };
  const names = ({ messages }: SseReader) => messages.map(({ event: name }) => name ?? 'upsert');
  const upserts = ({ events }: SseReader) => events.map(({ data }) => JSON.parse(data) as Upsert);
  const snapshotOf = async (reader: SseReader) => {
    await reader.until(() => reader.messages.length >= 2);
    return JSON.parse(reader.messages[1]?.data ?? '') as { cursor: string; entities: readonly Upsert[] };
  };
  const listed = async () => ((await (await rooms.fetch('/agents')).json()) as { items: object[] }).items;

  /** Something happens to an agent; resolves with the cursor when this process knows. */
  const change = async (id: string) => {
    const stream = agentStream(id as AgentId);
    const { version } = await rooms.store.head(stream);
    const { position, cursor } = await rooms.store.append({
      commandId: newId(),
      commandHash: commandHash({}),
      actor: 'system',
      writes: [
        {
          stream,
          guard: { kind: 'exact', version },
          subjects: { agentId: id as AgentId },
          events: [event('agent.circuit-opened', { failures: 1, until: 0 })],
        },
      ],
    });
    await rooms.app.get(LiveWorld).reached(position);
    return cursor;
  };

  beforeAll(async () => {
    rooms = await openRooms({
      imports: [IsolationModule, WorldModule, SwarmModule],
      env: { HYPER_RUN_SSE_CLIENTS: '3' },
      replace: [{ token: SSE_OPTIONS, value: { heartbeatMs: 50, rotationMs: 600_000 } satisfies SseOptions }],
    });
  });
  afterEach(async () => {
    for (const reader of readers) reader.close();
    readers = [];
    while (rooms.app.get(SseConnections).size > 0) await new Promise((resolve) => setImmediate(resolve));
  });
  afterAll(() => rooms.close());

  it('begins with all agents as the list shows them, then tells each that changes, whole', async () => {
    const reader = await open();
    const { entities, cursor } = await snapshotOf(reader);
    expect(names(reader)).toEqual(['hello', 'snapshot']);
    expect(reader.messages[1]?.id).toBe(cursor);
    expect(entities.map(({ entity }) => entity).toSorted((a, b) => a.id.localeCompare(b.id))).toEqual(await listed());
    const changed = await change('links-1');
    await reader.until(() => reader.events.length > 0);
    const [upsert] = upserts(reader);
    const now = await (await rooms.fetch('/agents/links-1')).json();
    expect(upsert).toMatchObject({ kind: 'agent', id: 'links-1', cursor: changed, entity: now });
    expect(upsert?.revision).toBe(upsert?.entity.version);
  });

  it('goes on from a cursor without a snapshot, with what changed since and nothing else', async () => {
    const { cursor } = await snapshotOf(await open());
    await change('links-1');
    await change('spelling-1');
    const last = await change('links-1');
    const again = await open('', { 'last-event-id': cursor });
    await again.until(() => again.events.length >= 2);
    expect([names(again), upserts(again).map(({ id }) => id)]).toEqual([
      ['hello', 'upsert', 'upsert'],
      ['spelling-1', 'links-1'],
    ]);
    const nothing = await open(`?after=${last}`);
    await nothing.until(() => nothing.text.includes(': hb'));
    expect(names(nothing)).toEqual(['hello']);
  });

  it.each([
    ['of another log', 'ffffffffff.3'],
    ['that is none', 'yesterday'],
  ])('gives a new snapshot for a cursor %s', async (_, cursor) => {
    const reader = await open('', { 'last-event-id': cursor });
    await snapshotOf(reader);
    expect(names(reader)).toEqual(['hello', 'snapshot']);
  });

  it('shows only the agents that were asked for, and moves the cursor past the others', async () => {
    const reader = await open('?agent=links-1,links-9');
    expect((await snapshotOf(reader)).entities.map(({ id }) => id)).toEqual(['links-1']);
    const cursor = await change('spelling-1');
    await reader.until(() => reader.text.includes(`id: ${cursor}\n: hb`));
    expect(reader.events).toEqual([]);
  });

  it('shares the places with the other streams', async () => {
    const events = await SseReader.open(`${rooms.url}/events/stream`, rooms.token);
    readers.push(events);
    await open();
    await open();
    expect([(await open()).status, events.status]).toEqual([503, 200]);
    expect((await rooms.fetch('/agents/stream', { method: 'HEAD' })).status).toBe(200);
    const connections = rooms.app.get(SseConnections);
    expect([connections.count('agents'), connections.count('events')]).toEqual([2, 1]);
  });
});
