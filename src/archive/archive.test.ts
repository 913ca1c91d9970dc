import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { taskStream, type Position } from '#contracts';
import { evolveWorld, newWorld } from '#domain';
import { startRedisServer, type RedisServer } from '../../libs/event-store/test/redis-server.js';
import { openRooms, type Rooms } from '../../test/harness/rooms.js';
import { SseReader } from '../../test/harness/sse-reader.js';
import { Story } from '../../test/harness/stories.js';
import { ArtifactsModule } from '../artifacts/artifacts.module.js';
import { AuditModule } from '../audit/audit.module.js';
import { IsolationModule } from '../isolation/isolation.module.js';
import { REDIS } from '../log/log.port.js';
import { OpsModule } from '../ops/ops.module.js';
import { RepositoriesModule } from '../repositories/repositories.module.js';
import { SprintsModule } from '../sprints/sprints.module.js';
import { StreamModule } from '../stream/stream.module.js';
import { SwarmModule } from '../swarm/swarm.module.js';
import { LiveWorld } from '../world/live-world.port.js';
import { WorldModule } from '../world/world.module.js';
import { ArchiveModule } from './archive.module.js';

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
  OpsModule,
];

const SPRINT = '/hyper-running/sprints/s-story';

interface Listed {
  readonly items: readonly {
    readonly sprintId: string;
    readonly unreadable?: string;
    readonly tasks: readonly object[];
  }[];
}

describe('an archived sprint', () => {
  let redis: RedisServer;
  let rooms: Rooms;
  let story: Story;
  let data: string;
  let halfway: string;
  let file: string;

  const open = async () => {
    const env = { HYPER_RUN_DATA_DIR: data, HYPER_RUN_ARCHIVE_AFTER: 'never' };
    rooms = await openRooms({ imports: IMPORTS, redis, env });
    await rooms.app.get(LiveWorld).ready();
  };
  const reopen = async () => {
    await rooms.close();
    await open();
  };
  const get = async (path: string, headers: Record<string, string> = {}) =>
    (await rooms.fetch(path, { headers })).text();
  const json = async <Body>(path: string) => JSON.parse(await get(path)) as Body;
  const archiveNow = async () => {
    const answer = await rooms.fetch(`${SPRINT}/archive`, { method: 'POST' });
    return (await answer.json()) as { digest: string; path: string; events: number };
  };
  /** What anybody may ask about the time before it was archived. */
  const everything = () =>
    Promise.all(
      [
        `${SPRINT}?at=${halfway}`,
        `${SPRINT}/events?limit=1000`,
        `${SPRINT}/report?at=${halfway}`,
        '/hyper-running/plans/s-story',
        `/hyper-running/tasks/${story.taskId(1)}`,
        `/hyper-running/tasks/${story.taskId(1)}/events?limit=1000`,
        '/events?after=0&limit=1000',
        `/agents?at=${halfway}`,
        '/agents',
        '/alerts',
        `/hyper-running/sprints?at=${halfway}`,
      ].map(async (path) => [path, (await get(path)).replace(/"cursor":"[^"]*"/g, '')]),
    );
  const recordsOf = async () => {
    const text = await get(`${SPRINT}/events`, { accept: 'application/x-ndjson' });
    return text.split('\n').filter((line) => line.includes('"hash"') && !line.includes('"heads"'));
  };
  const later = (line: string) => /sprint\.archived|alert\.raised/.test(line) && line.includes('"sprint-s-story"');
  const worldNow = () => {
    const { sprints, agents, records, alerts } = {
      ...rooms.app.get(LiveWorld).world,
      agents: rooms.app.get(LiveWorld).world.board.agents,
      records: rooms.app.get(LiveWorld).world.records.records,
    };
    return { sprints, agents, records, alerts };
  };

  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'hyper-run-archive-'));
    redis = await startRedisServer();
    story = await Story.begin(redis.path, { tasks: 2 });
    await story.read(1, 1200, 'page');
    await story.write(taskStream(story.taskId(2)), {
      type: 'alert.raised',
      data: { alertId: 'a-1', severity: 'warning', kind: 'task.stalled', text: 'Nothing was heard.' },
    });
    await open();
    halfway = rooms.store.cursorOf(await rooms.store.top());
    await story.end('passed', 'failed');
  }, 60_000);
  afterAll(async () => {
    await story?.close();
    await rooms?.close();
    await redis?.end();
    await rm(data, { recursive: true, force: true });
  });

  it('answers everything as it did before, also in a new process, which reads no archive to begin', async () => {
    const before = await everything();
    const records = await recordsOf();
    const { events, digest, path } = await archiveNow();
    file = path;
    expect(events).toBe(records.length);
    expect(await archiveNow()).toMatchObject({ digest, events });
    const client = rooms.app.get<Redis>(REDIS);
    expect(await client.xlen(`hyper:{p0}:log:${taskStream(story.taskId(1))}`)).toBe(0);
    // Nobody may live on what the feed still holds.
    await client.xtrim('hyper:{p0}:feed', 'MAXLEN', 0);
    expect(await everything()).toEqual(before);

    await rename(file, `${file}.away`);
    await reopen();
    const whole = newWorld();
    await rename(`${file}.away`, file);
    for (let after = 0; ;) {
      const page = await rooms.store.readAll(after as Position, 1000);
      for (const { event } of page) evolveWorld(whole, event);
      if (page.length === 0) break;
      after = page.at(-1)?.position ?? after;
    }
    const { sprints, alerts, board, records: tried } = whole;
    expect(worldNow()).toEqual({ sprints, alerts, agents: board.agents, records: tried.records });
    expect(await everything()).toEqual(before);
    expect((await recordsOf()).filter((line) => !later(line))).toEqual(records);
    expect(await json(`${SPRINT}/verify`)).toMatchObject({ valid: true, problems: [] });
    expect(await json('/health/ready')).toMatchObject({ archives: [] });
  });

  it('is told from an old cursor over SSE, without gap or repeat', async () => {
    const top = await rooms.store.top();
    const reader = await SseReader.open(
      `${rooms.url}/events/stream?after=${rooms.store.cursorOf(0 as Position)}`,
      rooms.token,
    );
    await reader.until(() => reader.events.length >= top);
    reader.close();
    expect(reader.events.map(({ id }) => Number(id.split('.')[1])).slice(0, top)).toEqual(
      Array.from({ length: top }, (_, index) => index + 1),
    );
  });

  describe('of whose archive one byte was changed', () => {
    let original: Buffer;
    beforeAll(async () => {
      original = await readFile(file);
      const altered = Buffer.from(original);
      altered[altered.length >> 1] = (altered[altered.length >> 1] ?? 0) ^ 1;
      await writeFile(file, altered);
      await reopen();
    });
    afterAll(() => writeFile(file, original));

    it('is named with its sprint wherever its tasks would be read, and is never empty instead', async () => {
      for (const path of [SPRINT, `${SPRINT}/events`, `/hyper-running/tasks/${story.taskId(1)}/events`]) {
        const answer = await rooms.fetch(path);
        expect([path, answer.status]).toEqual([path, 500]);
        const problem = (await answer.json()) as { code: string; detail: string; sprintId: string };
        expect(problem).toMatchObject({ code: 'archive.damaged', sprintId: 's-story' });
        expect(problem.detail).toContain(file);
      }
      expect(await json(`${SPRINT}/verify`)).toMatchObject({ valid: false, problems: [{ kind: 'altered' }] });
    });

    it('hides no other sprint: lists say of it what its own stream knows, and why no more', async () => {
      const { items } = await json<Listed>('/hyper-running/sprints');
      expect(items[0]).toMatchObject({ sprintId: 's-story', unreadable: expect.stringContaining('archive') });
      expect(items[0]?.tasks).toMatchObject([{ outcome: 'passed' }, { outcome: 'failed' }]);
    });

    it('is an alert, once, and stands in the health of the service until the file is put back', async () => {
      const live = rooms.app.get(LiveWorld);
      const alarms = () => [...live.world.alerts.values()].filter(({ kind }) => kind.startsWith('archive.'));
      await live.until(() => alarms().length > 0);
      expect(alarms()).toMatchObject([{ severity: 'critical', kind: 'archive.damaged', sprintId: 's-story' }]);
      expect(await json('/health/ready')).toMatchObject({
        archives: [{ sprintId: 's-story', code: 'archive.damaged' }],
      });
      await writeFile(file, original);
      expect(await json('/health/ready')).toMatchObject({ archives: [] });
      expect((await rooms.fetch(SPRINT)).status).toBe(200);
    });
  });
});
