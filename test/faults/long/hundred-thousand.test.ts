import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Position } from '#contracts';
import { verifyOffline } from '../../../cli/verification.js';
import { startRedisServer, type RedisServer } from '../../../libs/event-store/test/redis-server.js';
import { ArchiveModule } from '../../../src/archive/archive.module.js';
import { ArtifactsModule } from '../../../src/artifacts/artifacts.module.js';
import { AuditModule } from '../../../src/audit/audit.module.js';
import { IsolationModule } from '../../../src/isolation/isolation.module.js';
import { RepositoriesModule } from '../../../src/repositories/repositories.module.js';
import { SprintsModule } from '../../../src/sprints/sprints.module.js';
import { StreamModule } from '../../../src/stream/stream.module.js';
import { SwarmModule } from '../../../src/swarm/swarm.module.js';
import { LiveWorld } from '../../../src/world/live-world.port.js';
import { WorldModule } from '../../../src/world/world.module.js';
import { openRooms, type Rooms } from '../../harness/rooms.js';
import { SseReader } from '../../harness/sse-reader.js';
import { Story } from '../../harness/stories.js';

const COUNT = 100_000;
const LONG_MS = 600_000;
const SPRINT = '/hyper-running/sprints/s-story';
const IMPORTS = [
  ArtifactsModule,
  IsolationModule,
  WorldModule,
  StreamModule,
  RepositoriesModule,
  SprintsModule,
  SwarmModule,
  AuditModule,
  ArchiveModule,
];

/** Times and memory are printed, not asserted. */
const timed = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
  const begin = performance.now();
  const result = await work();
  const rss = Math.round(process.memoryUsage().rss / 2 ** 20);
  process.stdout.write(`${what}: ${Math.round(performance.now() - begin)} ms, RSS ${rss} MiB\n`);
  return result;
};

describe('a sprint of 100,000 events', () => {
  let redis: RedisServer;
  let rooms: Rooms;
  let story: Story;
  let data: string;
  const open = async () => {
    rooms = await openRooms({
      imports: IMPORTS,
      redis,
      env: { HYPER_RUN_DATA_DIR: data, HYPER_RUN_ARCHIVE_AFTER: 'never', HYPER_RUN_FEED_LENGTH: '1000' },
    });
    await rooms.app.get(LiveWorld).ready();
  };
  const text = async (path: string, accept = 'application/json') => {
    const answer = await rooms.fetch(path, { headers: { accept } });
    expect([path, answer.status]).toEqual([path, 200]);
    return answer.text();
  };
  const json = async <Body>(path: string) => JSON.parse(await text(path)) as Body;

  const pages = async (path: string): Promise<number> => {
    let count = 0;
    for (let after: string | undefined = '0'; after !== undefined;) {
      const page: { items: unknown[]; next?: string } = await json(`${path}?limit=1000&after=${after}`);
      count += page.items.length;
      after = page.items.length === 0 ? undefined : page.next;
    }
    return count;
  };

  /** Everything that can be asked of it gives all of it. */
  const everything = async (when: string) => {
    const { items } = await json<{ items: { sprintId: string }[] }>('/hyper-running/sprints');
    expect(items.map(({ sprintId }) => sprintId)).toEqual(['s-story']);
    const sprint = await timed(`${when}: the sprint`, () => json<{ tasks: { status: string }[] }>(SPRINT));
    expect(sprint.tasks.map(({ status }) => status)).toEqual(['passed', 'passed']);
    const history = await timed(`${when}: its history in pages`, () => pages(`${SPRINT}/events`));
    expect(history).toBeGreaterThan(COUNT);
    const sequence = await timed(`${when}: as one sequence`, () => text(`${SPRINT}/events`, 'application/json-seq'));
    expect(sequence.split('\n')).toHaveLength(history + 1);
    const exported = await timed(`${when}: its export`, () => text(`${SPRINT}/events`, 'application/x-ndjson'));
    expect(exported.trimEnd().split('\n')).toHaveLength(history + 2);
    const task = `/hyper-running/tasks/${story.taskId(1)}`;
    expect(await timed(`${when}: a task's history`, () => pages(`${task}/events`))).toBeGreaterThan(COUNT);
    const verified = await timed(`${when}: verified`, () => json<object>(`${SPRINT}/verify`));
    expect(verified).toMatchObject({ valid: true, events: history });
    const report = await timed(`${when}: reported`, () => json<object>(`${SPRINT}/report`));
    expect(report).toMatchObject({ events: history });
    const at = rooms.store.cursorOf(50_000 as Position);
    const then = await timed(`${when}: as it was`, () => json<{ status: string }>(`${SPRINT}?at=${at}`));
    expect(then.status).toBe('running');
    await timed(`${when}: the list as it was`, () => text(`/hyper-running/sprints?at=${at}`));
    const top = await rooms.store.top();
    await timed(`${when}: told over SSE from the first event on`, async () => {
      const reader = await SseReader.open(
        `${rooms.url}/events/stream?after=${rooms.store.cursorOf(0 as Position)}`,
        rooms.token,
      );
      await reader.until(() => reader.events.length >= top);
      reader.close();
    });
    const snapshot = await SseReader.open(`${rooms.url}${SPRINT}/stream`, rooms.token);
    await timed(`${when}: its projection`, () => snapshot.until(() => snapshot.messages.length >= 2));
    snapshot.close();
  };

  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'hyper-run-long-'));
    redis = await startRedisServer();
    story = await Story.begin(redis.path, { tasks: 2 });
    await timed('told', () => story.read(1, COUNT, 'page'));
    await story.end('passed', 'passed');
    await open();
  }, LONG_MS);
  afterAll(async () => {
    await rooms?.close();
    await story?.close();
    await redis?.end();
    await rm(data, { recursive: true, force: true });
  });

  it('is read, told, verified and reported whole', () => everything('in Redis'), LONG_MS);

  it(
    'is archived, and then as before; a start does not read it',
    async () => {
      const { path } = await timed('archived', async () => {
        const answer = await rooms.fetch(`${SPRINT}/archive`, { method: 'POST' });
        return (await answer.json()) as { path: string };
      });
      expect(await timed('proven offline', () => verifyOffline(path))).toMatchObject({ valid: true });
      await rooms.close();
      await timed('started again', open);
      await everything('archived');
      const { items } = await json<{ items: { id: string; type: string }[] }>(
        `${SPRINT}/events?limit=1000&after=60000`,
      );
      const { id } = items.find(({ type }) => type.startsWith('hyperrun.action.')) ?? { id: '' };
      const redacted = await timed('redacted', () =>
        rooms.fetch(`/events/${id}/redact`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: '{"reason":"It was a key."}',
        }),
      );
      expect(redacted.status).toBe(200);
      expect(await json(`${SPRINT}/verify`)).toMatchObject({ valid: true });
    },
    LONG_MS,
  );
});
