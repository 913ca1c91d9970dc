import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Redis } from 'ioredis';
import {
  sprintStream,
  taskStream,
  type Oid,
  type Position,
  type Sha256,
  type SprintId,
  type Version,
} from '#contracts';
import { event, evolveWorld, newWorld } from '#domain';
import { baseVerified, planOf } from '../../libs/domain/src/plan.fixture.js';
import { startRedisServer, type RedisServer } from '../../libs/event-store/test/redis-server.js';
import { verifyOffline } from '../../cli/verification.js';
import { openRooms, type Rooms } from '../../test/harness/rooms.js';
import { SseReader } from '../../test/harness/sse-reader.js';
import { Story } from '../../test/harness/stories.js';
import { ArtifactsModule } from '../artifacts/artifacts.module.js';
import { KnownBases } from '../artifacts/known-bases.port.js';
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
import { ArchiveFiles } from './archive-files.port.js';
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

interface Page {
  readonly items: readonly object[];
  readonly leftOut?: readonly { readonly events: number }[];
  readonly previous?: string;
}

describe('an archived sprint', () => {
  let redis: RedisServer;
  let rooms: Rooms;
  let story: Story;
  let data: string;
  let halfway: string;
  let file: string;

  const open = async (more: Record<string, string> = {}) => {
    const env = { HYPER_RUN_DATA_DIR: data, HYPER_RUN_ARCHIVE_AFTER: 'never', ...more };
    rooms = await openRooms({ imports: IMPORTS, redis, env });
    await rooms.app.get(LiveWorld).ready();
  };
  const reopen = async (more?: Record<string, string>) => {
    await rooms.close();
    await open(more);
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
  const redact = async (eventId: string) => {
    const headers = { 'content-type': 'application/json' };
    const init = { method: 'POST', headers, body: '{"reason":"It was a key."}' };
    const answer = await rooms.fetch(`/events/${eventId}/redact`, init);
    return [answer.status, (await answer.json()) as { digest?: string }] as const;
  };
  const recordsOf = async () => {
    const text = await get(`${SPRINT}/events`, { accept: 'application/x-ndjson' });
    return text.split('\n').filter((line) => line.includes('"hash"') && !line.includes('"heads"'));
  };
  const later = (line: string) => /sprint\.archived|alert\.raised/.test(line) && line.includes('"sprint-s-story"');
  const worldNow = () => {
    const { sprints, board, records, alerts, circuits } = rooms.app.get(LiveWorld).world;
    return { sprints, agents: board.agents, records: records.records, alerts, circuits };
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

  it('is not made while a text is being taken out of its events, and is once that is done', async () => {
    const { items } = await json<{ items: { id: string; type: string }[] }>(
      `/hyper-running/tasks/${story.taskId(2)}/events?limit=1000`,
    );
    const { id: eventId = '' } = items.find(({ type }) => type === 'hyperrun.task.failed') ?? {};
    const stream = taskStream(story.taskId(2));
    const version = items.length as Version;
    for await (const { data: bytes, header } of rooms.store.readBytes(stream, version)) {
      const { position } = JSON.parse(header.toString()) as { position: number };
      const digest = createHash('sha256').update(bytes).digest('hex') as Sha256;
      const what = { eventId, version, position, digest, fields: ['reason'], artifacts: [], reason: 'A key.' };
      await story.write(stream, event('event.redaction-requested', what));
    }
    const refused = await rooms.fetch(`${SPRINT}/archive`, { method: 'POST' });
    expect([refused.status, await refused.json()]).toMatchObject([409, { code: 'event.redacting', eventId }]);
    expect(await readdir(join(data, 'archive'))).toEqual([]);
    expect((await redact(eventId))[0]).toBe(200);
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

    // An orchestrator looks whether all files are there, and raises an alert.
    await rename(file, `${file}.away`);
    await reopen({ HYPER_RUN_ROLES: 'api' });
    const whole = newWorld();
    await rename(`${file}.away`, file);
    for (let after = 0; ;) {
      const page = await rooms.store.readAll(after as Position, 1000);
      for (const { event } of page) evolveWorld(whole, event);
      if (page.length === 0) break;
      after = page.at(-1)?.position ?? after;
    }
    const { sprints, alerts, board, records: tried, circuits } = whole;
    expect(circuits.get('links')?.failures).toHaveLength(1);
    expect(worldNow()).toEqual({ sprints, alerts, agents: board.agents, records: tried.records, circuits });
    expect(await everything()).toEqual(before);
    expect((await recordsOf()).filter((line) => !later(line))).toEqual(records);
    expect(await json(`${SPRINT}/verify`)).toMatchObject({ valid: true, problems: [] });
    expect(await json('/health/ready')).toMatchObject({ archives: [] });
  });

  it('is unpacked for lists once', async () => {
    await reopen();
    const reads = jest.spyOn(rooms.app.get(ArchiveFiles), 'read');
    const first = await json<Listed>('/hyper-running/sprints');
    expect([first.items[0]?.tasks.length, reads.mock.calls.length]).toEqual([2, 2]);
    expect(await json('/hyper-running/sprints')).toEqual(first);
    expect(reads).toHaveBeenCalledTimes(2);
    reads.mockRestore();
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

  it('holds a text that was redacted nowhere, and every seal holds as before', async () => {
    const place = `/hyper-running/tasks/${story.taskId(2)}`;
    const { items } = await json<{ items: { id: string; type: string }[] }>(`${place}/events?limit=1000`);
    const { id = '' } = items.find(({ type }) => type === 'hyperrun.alert.raised') ?? {};
    const alertsOf = (path: string) => json<{ items: { alertId: string; text: string }[] }>(path);
    const moments = ['/alerts', `/alerts?at=${halfway}`];
    for (const path of moments) expect(await alertsOf(path)).toMatchObject({ items: [{ text: 'Nothing was heard.' }] });
    const stream = await SseReader.open(`${rooms.url}${SPRINT}/stream?kind=alert`, rooms.token);
    await stream.until(() => stream.text.includes('Nothing was heard'));
    const [status, done] = await redact(id);
    // At once, in what this process shows of now and of then, and whoever follows is told.
    for (const path of moments) expect(await alertsOf(path)).toMatchObject({ items: [{ text: '[redacted]' }] });
    await stream.until(() => stream.events.some(({ data }) => data.includes('[redacted]')));
    stream.close();
    expect([status, done]).toMatchObject([200, { eventId: id, fields: ['text'], stream: `task-${story.taskId(2)}` }]);
    expect(await redact(id)).toMatchObject([200, { digest: done.digest }]);
    expect(await redact(id.replace(/.$/, (last) => (last === '0' ? '1' : '0')))).toMatchObject([
      404,
      { code: 'event.unknown' },
    ]);

    const before = file;
    file = (await archiveNow()).path;
    expect(file).not.toBe(before);
    await expect(readFile(before)).rejects.toMatchObject({ code: 'ENOENT' });
    const exported = await get(`${SPRINT}/events`, { accept: 'application/x-ndjson' });
    const texts = [
      gunzipSync(await readFile(file)).toString(),
      exported,
      await get(`${place}/events?limit=1000`),
      await get('/events?after=1190&limit=1000'),
    ];
    for (const text of texts) expect(text.includes('Nothing was heard')).toBe(false);
    expect(exported).toContain(`"redacted":"${done.digest}"`);
    expect(await json(`${SPRINT}/verify`)).toMatchObject({ valid: true, problems: [] });
    expect(await verifyOffline(file)).toMatchObject({ valid: true, problems: [] });
    await reopen();
    expect(await json(SPRINT)).toMatchObject({ tasks: [{ status: 'passed' }, { status: 'failed' }] });
    expect(JSON.stringify(worldNow().alerts.get('a-1'))).not.toContain('Nothing was heard');
    const ended = await json<{ items: { id: string; type: string }[] }>(`${place}/events?limit=1000`);
    const failed = ended.items.find(({ type }) => type === 'hyperrun.task.failed')?.id ?? '';
    expect(await redact(failed)).toMatchObject([200, { eventId: failed }]);
    expect(await json(SPRINT)).toMatchObject({ tasks: [{}, { status: 'failed', reason: '[redacted]' }] });
    file = (await archiveNow()).path;
    // A fact is no text: nothing of a task's end can be taken out.
    const last = `/hyper-running/tasks/${story.taskId(1)}/events?limit=1000&after=1000`;
    const passed = (await json<{ items: { id: string }[] }>(last)).items.at(-1)?.id ?? '';
    expect(await redact(passed)).toMatchObject([422, { code: 'event.nothing-to-redact' }]);
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
      // Whoever asks again, and again, has it neither read nor told again.
      const told: string[] = [];
      const stop = rooms.app.get(ArchiveFiles).onTrouble(({ code }) => told.push(code));
      expect(await json('/health/ready')).toMatchObject({ archives: [{ code: 'archive.damaged' }] });
      stop();
      expect(told).toEqual([]);
      // The next process notices it anew, and waits for what it raises before it ends.
      await reopen();
      expect((await rooms.fetch(SPRINT)).status).toBe(500);
      await reopen();
      const inLog = await rooms.store.read(sprintStream('s-story' as SprintId));
      const isAlarm = ({ type, data }: (typeof inLog)[number]) =>
        type === 'alert.raised' && data.kind === 'archive.damaged';
      expect(inLog.filter(isAlarm)).toHaveLength(1);
      await writeFile(file, original);
      expect(await json('/health/ready')).toMatchObject({ archives: [] });
      expect((await rooms.fetch(SPRINT)).status).toBe(200);
    });
  });

  it('is let go of when the operator keeps archives only for a time, by an event; heads and seals stay', async () => {
    const [old, young] = ['e', 'f'].map((letter) => join(dirname(file), `${letter.repeat(64)}.ndjson.gz`));
    for (const path of [old, young]) await writeFile(path ?? '', 'Nobody recorded it.');
    await utimes(old ?? '', 0, 0);
    await reopen({ HYPER_RUN_RETAIN: 'outputs=0s,archives=0s' });
    await rooms.app.get(LiveWorld).until(({ sprints }) => {
      const state = sprints.get('s-story' as SprintId);
      return state?.status === 'completed' && state.dropped.length === 2;
    });
    // It is recorded before it is done; whoever stops waits for the end of that.
    await reopen();
    // What nobody recorded went, too, unless somebody might be at it.
    await expect(readFile(old ?? '')).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await readFile(young ?? '', 'utf8')).toBe('Nobody recorded it.');
    const answer = await rooms.fetch(SPRINT);
    expect(answer.status).toBe(410);
    expect(await answer.json()).toMatchObject({ code: 'archive.dropped', sprintId: 's-story' });
    await expect(readFile(file)).rejects.toMatchObject({ code: 'ENOENT' });
    const { items } = await json<Listed>('/hyper-running/sprints');
    expect(items[0]).toMatchObject({ unreadable: expect.stringContaining('let go of'), archive: { events: 1216 } });
    expect(await json('/health/ready')).toMatchObject({ archives: [] });
    // What happened since is found all the same, by its time and by its id.
    const { items: later } = await json<{ items: { id: string; type: string }[] }>(
      `/events?limit=10&after=${rooms.store.cursorOf(((await rooms.store.top()) - 3) as Position)}`,
    );
    expect(await redact(later.at(-1)?.id ?? '')).toMatchObject([422, { code: 'event.nothing-to-redact' }]);
    expect((await rooms.fetch(`/hyper-running/sprints?at=${new Date().toISOString()}`)).status).toBe(200);
  });

  it('leaves a gap that pages of all events name and go on after, and that a follower is told to begin anew at', async () => {
    await rooms.app.get<Redis>(REDIS).xtrim('hyper:{p0}:feed', 'MAXLEN', 0);
    const whole = await json<Page>('/events?limit=1000');
    const leftOut = { sprintId: 's-story', digest: expect.any(String) };
    expect(whole.leftOut).toEqual([{ ...leftOut, events: expect.any(Number) }]);
    const top = await rooms.store.top();
    expect(whole.items.length + (whole.leftOut?.[0]?.events ?? 0)).toBe(top);
    const older = await json<Page>('/events?limit=1000&before=');
    expect([older.items, older.leftOut]).toEqual([whole.items, whole.leftOut]);
    let counted = 0;
    for (let before: string | undefined = ''; before !== undefined;) {
      const page: Page = await json<Page>(`/events?limit=4&sprint=s-story&before=${before}`);
      counted += page.leftOut?.[0]?.events ?? 0;
      before = page.previous;
    }
    expect(counted).toBe(whole.leftOut?.[0]?.events);
    const own = await json<Page>('/events?limit=1000&sprint=s-story&type=sprint.completed');
    expect([own.items.length, own.leftOut]).toEqual([1, whole.leftOut]);
    expect(await json<Page>('/events?limit=1000&sprint=s-other')).toEqual({ items: [], next: expect.any(String) });

    const reader = await SseReader.open(
      `${rooms.url}/events/stream?after=${rooms.store.cursorOf(1 as Position)}`,
      rooms.token,
    );
    await reader.until(() => reader.messages.some(({ event }) => event === 'reset'));
    const reset = reader.messages.find(({ event }) => event === 'reset');
    expect([JSON.parse(reset?.data ?? ''), reader.events]).toEqual([
      { reason: 'archive.dropped', oldest: rooms.store.cursorOf(0 as Position) },
      [],
    ]);
    await story.write(sprintStream('s-story' as SprintId), event('alert.acknowledged', { alertId: 'a-1' }));
    await reader.until(() => reader.events.length > 0);
    expect(reader.positions).toEqual([top + 1]);
    reader.close();
  });

  it('is let go of also for looks back: what is made of other events is there, the rest is refused, until it was archived', async () => {
    const { items } = await json<Listed>(`/hyper-running/sprints?at=${halfway}`);
    expect(items).toMatchObject([{ sprintId: 's-story', status: 'running', unreadable: expect.any(String) }]);
    expect(await json(`/repositories?at=${halfway}`)).toMatchObject({ items: [{ name: 'atlas' }] });
    expect(await json(`/hyper-running/plans?at=${halfway}`)).toMatchObject({ items: [{ planId: 's-story' }] });
    for (const path of ['/agents', '/agents/links-1', '/alerts']) {
      const answer = await rooms.fetch(`${path}?at=${halfway}`);
      expect([path, answer.status, await answer.json()]).toMatchObject([path, 410, { code: 'archive.dropped' }]);
    }
    const now = rooms.store.cursorOf(await rooms.store.top());
    for (const path of ['/agents', '/alerts'])
      expect((await json<{ items: object[] }>(`${path}?at=${now}`)).items).toEqual(
        (await json<{ items: object[] }>(path)).items,
      );
    const beginning = rooms.store.cursorOf(4 as Position);
    expect((await json<{ items: object[] }>(`/agents?at=${beginning}`)).items).toHaveLength(2);
  });

  it('is rid of what its base printed also where the next sprint on that tree would tell it again', async () => {
    const bases = rooms.app.get(KnownBases);
    const { verification } = planOf();
    const output = { tail: 'swordfish', bytes: 9 };
    const step = { name: 'test', command: 'npm test', outcome: 'passed', exitCode: 0, durationMs: 1, output } as const;
    const base = { ...baseVerified('passed').data, steps: [step] };
    const another = { ...base, tree: 'd'.repeat(40) as Oid };
    for (const each of [base, another]) await bases.remember(each, verification);
    await story.write(sprintStream('s-story' as SprintId), event('sprint.base-verified', base));
    const newest = await json<{ items: { id: string }[] }>('/events?before=&limit=1');
    expect(await redact(newest.items[0]?.id ?? '')).toMatchObject([200, { fields: ['steps.0.output.tail'] }]);
    expect(await bases.find(base.tree, verification)).toBeUndefined();
    expect(await bases.find(another.tree, verification)).toEqual(another);
  });
});
