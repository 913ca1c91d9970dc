import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  repositoryStream,
  sprintStream,
  taskStream,
  type EventData,
  type EventType,
  type Position,
  type RepositoryId,
  type SprintId,
  type StreamName,
  type TaskId,
} from '#contracts';
import type { Redis } from 'ioredis';
import { makeRepository } from '../../test/harness/repositories.js';
import { openRooms, type Rooms } from '../../test/harness/rooms.js';
import { SseReader } from '../../test/harness/sse-reader.js';
import { ArtifactStore } from '../artifacts/artifact-store.port.js';
import { ArtifactsModule } from '../artifacts/artifacts.module.js';
import { AuditModule } from '../audit/audit.module.js';
import { IsolationModule } from '../isolation/isolation.module.js';
import { REDIS } from '../log/log.port.js';
import { OpsModule } from '../ops/ops.module.js';
import { OrchestratorModule } from '../orchestrator/orchestrator.module.js';
import { RepositoriesModule } from '../repositories/repositories.module.js';
import { TasksModule } from '../tasks/tasks.module.js';
import { LiveWorld } from '../world/live-world.port.js';
import { WorldModule } from '../world/world.module.js';
import { SprintsModule } from './sprints.module.js';

interface Seen {
  readonly sprintId: SprintId;
  readonly planId: SprintId;
  readonly planHash: string;
  readonly status?: string;
  readonly cursor?: string;
  readonly code?: string;
  readonly repositoryId?: RepositoryId;
  readonly items?: readonly Found[];
  readonly tasks: readonly { readonly taskId: string; readonly status?: string; readonly evidence: readonly Found[] }[];
}

interface Found {
  readonly sprintId?: string;
  readonly findingId: string;
  readonly path: string;
  readonly dismissed?: boolean;
}

describe('plans and sprints', () => {
  let rooms: Rooms;
  let folder: string;
  let plan: Seen;
  let follower: SseReader;

  const send = async (path: string, key: string, body?: object) => {
    const headers = { 'idempotency-key': key, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await rooms.fetch(path, { method: 'POST', headers, ...sent });
    return { status: response.status, seen: (await response.json()) as Seen };
  };
  const completed = (id: SprintId) =>
    rooms.app.get(LiveWorld).until((world) => world.sprints.get(id)?.status === 'completed');

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hyper-run-sprints-'));
    await makeRepository(folder, 'pages', { 'docs/page.md': '# Page\n\nWe recieve the letters and read them.\n' });
    rooms = await openRooms({
      env: { HYPER_RUN_REPOSITORIES: folder },
      imports: [
        IsolationModule,
        ArtifactsModule,
        WorldModule,
        RepositoriesModule,
        SprintsModule,
        OrchestratorModule,
        TasksModule,
        AuditModule,
        OpsModule,
      ],
    });
    const wish = { repository: join(folder, 'pages'), scope: ['docs/**'] };
    plan = (await send('/hyper-running/plan', 'plan', wish)).seen;
    follower = await SseReader.open(`${rooms.url}/hyper-running/sprints/${plan.planId}/stream`, rooms.token);
    const approved = await send('/hyper-running/execute', 'approve', { planId: plan.planId, planHash: plan.planHash });
    expect(approved.status).toBe(202);
    await completed(plan.planId);
  });
  afterAll(async () => {
    follower.close();
    await rooms.close();
    await rm(folder, { recursive: true, force: true });
  });

  describe('followed as they change', () => {
    interface Upsert {
      readonly kind: string;
      readonly id: string;
      readonly revision: number;
      readonly cursor: string;
      readonly entity: { readonly status?: string };
    }
    const upsertsOf = ({ messages }: SseReader): Upsert[] =>
      messages.flatMap(({ event, data }) => {
        if (event === 'snapshot') return (JSON.parse(data) as { entities: Upsert[] }).entities;
        return event === undefined ? [JSON.parse(data) as Upsert] : [];
      });
    const latestOf = (upserts: readonly Upsert[]) =>
      Object.fromEntries(upserts.map(({ kind, id, entity }) => [`${kind}/${id}`, entity]));
    const reads = async () => {
      const get = async (path: string) => (await (await rooms.fetch(path)).json()) as Record<string, unknown>;
      const {
        plan: _plan,
        tasks,
        cursor: _cursor,
        budgets,
        ...sprint
      } = await get(`/hyper-running/sprints/${plan.planId}`);
      return {
        [`plan/${plan.planId}`]: await get(`/hyper-running/plans/${plan.planId}`),
        [`sprint/${plan.planId}`]: sprint,
        [`budgets/${plan.planId}`]: { sprintId: plan.planId, budgets },
        ...Object.fromEntries((tasks as { taskId: string }[]).map((one) => [`task/${one.taskId}`, one])),
      };
    };
    const open = async (query: string) => {
      const reader = await SseReader.open(
        `${rooms.url}/hyper-running/sprints/${plan.planId}/stream${query}`,
        rooms.token,
      );
      await reader.until(() => reader.messages.length >= 2);
      reader.close();
      return reader;
    };

    it('show their whole life as upserts whose last ones are what the reads answer', async () => {
      const over = () =>
        upsertsOf(follower).some(({ kind, entity }) => kind === 'sprint' && entity.status === 'completed');
      await follower.until(over);
      const upserts = upsertsOf(follower);
      expect(latestOf(upserts)).toEqual(await reads());
      const statuses = upserts.filter(({ kind }) => kind === 'plan').map(({ entity }) => entity.status);
      expect([...new Set(statuses)]).toEqual(['proposed', 'approved']);
      const revisions = upserts.map(({ revision }) => revision);
      expect(revisions).toEqual(revisions.toSorted((a, b) => a - b));
    });

    it('show the same to who comes when all is over, in a snapshot', async () => {
      const late = await open('');
      expect(late.messages.map(({ event }) => event)).toEqual(['hello', 'snapshot']);
      expect(latestOf(upsertsOf(late))).toEqual(await reads());
      const [task] = plan.tasks;
      expect(Object.keys(latestOf(upsertsOf(await open('?kind=task'))))).toEqual([`task/${task?.taskId}`]);
    });

    it('tell who comes back what changed since, and nobody about a sprint that is not there', async () => {
      const first = upsertsOf(follower).findIndex(({ kind, entity }) => kind === 'task' && entity.status === 'working');
      const { cursor = '' } = upsertsOf(follower)[first] ?? {};
      const again = await open(`?after=${cursor}`);
      expect(again.messages.map(({ event }) => event)).not.toContain('snapshot');
      const answer = await rooms.fetch('/hyper-running/sprints/nowhere/stream');
      expect([answer.status, await answer.json()]).toMatchObject([404, { code: 'sprint.unknown' }]);
    });
  });

  it('refuses a grant that no agent may name, and takes one that is a path', async () => {
    const wish = { repository: join(folder, 'pages'), scope: ['docs/**'] };
    const { planId, planHash } = (await send('/hyper-running/plan', 'edited', wish)).seen;
    const edit = async (grants: string[]) => {
      const headers = { 'content-type': 'application/json', 'if-match': `"${planHash}"` };
      const body = JSON.stringify({ grants });
      return rooms.fetch(`/hyper-running/plans/${planId}`, { method: 'PATCH', headers, body });
    };
    const refused = await edit(['../outside.md']);
    expect(refused.status).toBe(422);
    expect(await refused.json()).toMatchObject({ code: 'scope.invalid-path' });
    expect((await edit(['docs/package.json'])).status).toBe(200);
  });

  it('give the same answer to the same wish to do a task again, while the follow-up runs and after it', async () => {
    const path = `/hyper-running/tasks/${plan.tasks[0]?.taskId ?? ''}/retry`;
    const first = await send(path, 'again');
    expect(first.status).toBe(202);
    expect(await send(path, 'again')).toEqual(first);
    await completed(first.seen.sprintId);
    expect(await send(path, 'again')).toEqual(first);
    const other = await send(path, 'another');
    expect(other.status).toBe(202);
    expect(other.seen.sprintId).not.toBe(first.seen.sprintId);
    await completed(other.seen.sprintId);
  });

  const get = async (path: string) => {
    const response = await rooms.fetch(path);
    return { status: response.status, seen: (await response.json()) as Seen };
  };
  const find = async (stream: StreamName, type: EventType) => {
    const found = (await rooms.store.read(stream)).find((one) => one.type === type);
    if (found === undefined) throw new Error(`There is no ${type} in ${stream}.`);
    return found;
  };

  it('are shown as they were at a cursor: the sprint', async () => {
    const path = `/hyper-running/sprints/${plan.planId}`;
    const at = async (type: EventType) => {
      const { position } = await find(sprintStream(plan.planId), type);
      const { seen } = await get(`${path}?at=${rooms.store.cursorOf(position)}`);
      expect((await get(`${path}?at=${position}`)).seen).toEqual(seen);
      return seen;
    };
    expect(await at('sprint.plan-proposed')).toMatchObject({ status: 'proposed', tasks: [] });
    expect(await at('sprint.plan-approved')).toMatchObject({ status: 'approved', tasks: [{ status: 'queued' }] });
    expect(await at('sprint.started')).toMatchObject({ status: 'running' });
    const { cursor: then, ...last } = await at('sprint.completed');
    const { cursor: now, ...live } = (await get(path)).seen;
    expect(last).toEqual(live);
    expect(last).toMatchObject({ status: 'completed', tasks: [{ status: 'passed' }] });
    expect([then, now]).toEqual([expect.any(String), expect.any(String)]);
  });

  it('say after which cursor to follow, as far as they show the log, and not of a moment that is over', async () => {
    const path = `/hyper-running/sprints/${plan.planId}`;
    const after = async (query = '') => (await rooms.fetch(path + query)).headers.get('hyperrun-follow-after');
    const live = rooms.app.get(LiveWorld);
    expect(await after()).toBe(rooms.store.cursorOf(live.world.position as Position));
    await rooms.append('s-later', [{ type: 'sprint.resumed', data: {} }]);
    await live.reached(await rooms.store.top());
    expect(await after()).toBe(rooms.store.cursorOf(live.world.position as Position));
    expect(await after('?at=1')).toBeNull();
    const { headers } = await fetch(`${rooms.url}/health/live`);
    expect(headers.get('hyperrun-follow-after')).toBeNull();
  });

  it('are shown as they were at a cursor: the task', async () => {
    const taskId = plan.tasks[0]?.taskId ?? '';
    const path = `/hyper-running/tasks/${taskId}`;
    const at = async (type: EventType, before = 0) => {
      const { position } = await find(taskStream(taskId as TaskId), type);
      return get(`${path}?at=${rooms.store.cursorOf((position - before) as typeof position)}`);
    };
    expect((await at('task.queued')).seen.status).toBe('queued');
    expect((await at('task.claimed')).seen.status).toBe('working');
    expect((await at('task.passed')).seen).toEqual((await get(path)).seen);
    const before = await at('task.queued', 1);
    expect([before.status, before.seen.code]).toEqual([404, 'task.unknown']);
  });

  it('are shown as they were at a time, with its offset', async () => {
    const approved = await find(sprintStream(plan.planId), 'sprint.plan-approved');
    const requested = await find(sprintStream(plan.planId), 'sprint.plan-requested');
    const path = `/hyper-running/sprints/${plan.planId}`;
    const at = (time: number, zone = 'Z') =>
      get(`${path}?at=${encodeURIComponent(new Date(time).toISOString().replace('Z', zone))}`);
    expect((await at(approved.time - 1)).seen.status).toBe('proposed');
    expect((await at(approved.time)).seen.status).not.toBe('proposed');
    expect((await at(approved.time - 1 + 3_600_000, '+01:00')).seen.status).toBe('proposed');
    expect((await at(approved.time + 3_600_000)).seen.status).toBe('completed');
    const before = await at(requested.time - 1);
    expect([before.status, before.seen.code]).toEqual([404, 'sprint.unknown']);
  });

  it('are listed as they were at a moment, page by page, with what was known of their repository', async () => {
    const at = async (type: EventType, path: string) => {
      const { position } = await find(sprintStream(plan.planId), type);
      const cursor = rooms.store.cursorOf(position);
      const { status, seen } = await get(`${path}${path.includes('?') ? '&' : '?'}at=${cursor}`);
      expect([status, seen.cursor]).toEqual([200, cursor]);
      return seen.items ?? [];
    };
    expect(await at('sprint.plan-proposed', '/hyper-running/sprints')).toEqual([]);
    expect(await at('sprint.started', '/hyper-running/sprints')).toMatchObject([
      { status: 'running', tasks: [{ status: 'queued' }] },
    ]);
    expect(await at('sprint.plan-requested', '/hyper-running/plans')).toMatchObject([{ status: 'analysing' }]);
    expect(await at('sprint.plan-proposed', '/hyper-running/plans')).toMatchObject([{ status: 'proposed' }]);
    expect(await at('sprint.plan-requested', '/findings')).toEqual([]);
    expect(await at('sprint.plan-proposed', '/findings')).toMatchObject([{ path: 'docs/page.md' }]);
    expect(await at('sprint.started', '/repositories')).toMatchObject([{ running: plan.planId }]);
    expect((await at('sprint.completed', '/repositories'))[0]).not.toHaveProperty('running');
    const { cursor: now = '' } = (await get('/hyper-running/sprints')).seen;
    const pages = ['limit=1&after=0', 'limit=1&after=1', 'limit=1&after=2'];
    const leafed = await Promise.all(
      pages.map(async (page) => (await get(`/hyper-running/sprints?at=${now}&${page}`)).seen.items ?? []),
    );
    expect(leafed.flat()).toEqual((await get('/hyper-running/sprints')).seen.items);
  });

  it('are reported and compared as they were at a moment', async () => {
    const taskId = plan.tasks[0]?.taskId ?? '';
    const at = async (path: string, type: EventType, before = 0) => {
      const { position } = await find(taskStream(taskId as TaskId), type);
      return rooms.fetch(`${path}?at=${rooms.store.cursorOf((position - before) as typeof position)}`);
    };
    const report = `/hyper-running/sprints/${plan.planId}/report`;
    expect(await (await at(report, 'task.claimed')).json()).toMatchObject({
      status: 'running',
      tasks: [{ outcome: 'open', files: [] }],
    });
    expect(await (await at(report, 'task.passed')).json()).toMatchObject({
      tasks: [{ outcome: 'passed', files: [{ path: 'docs/page.md' }] }],
    });
    const diff = `/hyper-running/tasks/${taskId}/diff`;
    expect((await at(diff, 'task.queued')).status).toBe(404);
    const said = async (type: EventType) => {
      const answer = await at(diff, type);
      return [answer.status, answer.headers.get('hyperrun-diff'), await answer.text()];
    };
    const nothing = expect.not.stringContaining('diff --git');
    expect(await said('task.claimed')).toEqual([200, 'work', nothing]);
    const written = expect.stringMatching(/no candidate yet[^]*^\+We receive the letters/m);
    expect(await said('action.file-written')).toEqual([200, 'work', written]);
    const collected = expect.stringMatching(/^diff --git [^]*^\+We receive the letters/m);
    expect(await said('task.candidate-collected')).toEqual([200, 'candidate', collected]);
    const { data } = await find(taskStream(taskId as TaskId), 'action.file-written');
    await rooms.app.get(ArtifactStore).remove((data as EventData<'action.file-written'>).content, 'It leaked.');
    const redacted = expect.stringMatching(/^Files that are not shown: 1 \(too large, no longer kept, .*\n\n$/m);
    expect(await said('action.file-written')).toEqual([200, 'work', redacted]);
  });

  it('refuse a moment that is none, that is of another log, or that has not come', async () => {
    const taskId = plan.tasks[0]?.taskId ?? '';
    const { incarnation } = rooms.store;
    const moments: readonly (readonly [string, number, string])[] = [
      ['yesterday', 422, 'cursor.invalid'],
      ['2026-13-45T00:00:00Z', 422, 'cursor.invalid'],
      ['2026-01-01T00:00:00', 422, 'cursor.invalid'],
      [`${incarnation}.-1`, 422, 'cursor.invalid'],
      ['x'.repeat(81), 422, 'request.invalid'],
      ['elsewhere.1', 410, 'cursor.other-incarnation'],
      ['999999', 410, 'cursor.beyond-top'],
      [`${incarnation}.999999`, 410, 'cursor.beyond-top'],
    ];
    const lists = ['/hyper-running/sprints', '/hyper-running/plans', '/repositories', '/findings'];
    for (const path of [`/hyper-running/sprints/${plan.planId}`, `/hyper-running/tasks/${taskId}`, ...lists])
      for (const [at, status, code] of moments) {
        const answer = await get(`${path}?at=${encodeURIComponent(at)}`);
        expect([at, answer.status, answer.seen.code]).toEqual([at, status, code]);
      }
  });

  it('propose a finding that was dismissed never again, and the others still', async () => {
    const files = {
      'docs/one.md': '# One\n\nWe recieve the letters and read them.\n',
      'docs/two.md': '# Two\n\nWe beleive the letters that we read.\n',
    };
    const repository = await makeRepository(folder, 'words', files);
    const scan = async (key: string) =>
      (await send('/hyper-running/plan', key, { repository, scope: ['docs/**'] })).seen;
    const proposed = ({ tasks }: Seen) => tasks.flatMap(({ evidence }) => evidence.map(({ path }) => path)).toSorted();
    const first = await scan('words');
    expect(proposed(first)).toEqual(['docs/one.md', 'docs/two.md']);
    const found = first.tasks.flatMap(({ evidence }) => evidence).find(({ path }) => path === 'docs/one.md');
    const query = `?repository=${encodeURIComponent(repository)}`;
    const dismiss = (key: string, id = found?.findingId) =>
      send(`/findings/${id ?? ''}/dismiss${query}`, key, { reason: 'It is a name.' });
    const dismissed = await dismiss('dismiss');
    expect(dismissed.status).toBe(200);
    expect(await dismiss('dismiss')).toEqual(dismissed);
    expect(await dismiss('dismiss-anew')).toEqual(dismissed);
    expect((await dismiss('dismiss-nothing', 'nowhere')).seen.code).toBe('finding.unknown');
    expect(proposed(await scan('words-again'))).toEqual(['docs/two.md']);
    expect(await dismiss('dismiss')).toEqual(dismissed);
    expect((await dismiss('dismiss-after-the-scan')).status).toBe(200);
    const { repositoryId = '' as RepositoryId, items = [] } = (await get(`/findings${query}`)).seen;
    expect(Object.fromEntries(items.map(({ path, dismissed: gone }) => [path, gone]))).toEqual({
      'docs/one.md': true,
      'docs/two.md': false,
    });
    const told = await rooms.store.read(repositoryStream(repositoryId));
    expect(told.filter(({ type }) => type === 'repository.finding-dismissed')).toHaveLength(1);
  });

  it('are set to another scope before they are approved: narrowed, widened, and never left without a task', async () => {
    const repository = await makeRepository(folder, 'wide', {
      'docs/a.md': '# A\n\nWe recieve the letters and read them.\n',
      'docs/b/c.md': '# C\n\nWe recieve the letters and read them.\n',
      'guides/d.md': '# D\n\nWe recieve the letters and read them.\n',
      '.hyper-run.json': '{ "protect": ["guides/law/**"] }\n',
      'guides/law/e.md': '# E\n\nWe recieve the letters and read them.\n',
    });
    const first = (await send('/hyper-running/plan', 'wide', { repository, scope: ['docs/**'] })).seen;
    const edit = async ({ planId, planHash }: Seen, scope: string[]) => {
      const headers = { 'content-type': 'application/json', 'if-match': `"${planHash}"` };
      const body = JSON.stringify({ scope });
      const answer = await rooms.fetch(`/hyper-running/plans/${planId}`, { method: 'PATCH', headers, body });
      return { status: answer.status, seen: (await answer.json()) as Seen };
    };
    const paths = ({ tasks }: Seen) => tasks.map(({ evidence }) => evidence.map(({ path }) => path));
    expect(paths(first)).toEqual([['docs/a.md', 'docs/b/c.md']]);
    const narrow = await edit(first, ['docs/b/**']);
    expect(narrow.seen).toMatchObject({ scope: ['docs/b/**'], findings: { total: 4, inScope: 1 } });
    expect(paths(narrow.seen)).toEqual([['docs/b/c.md']]);
    expect(narrow.seen.planHash).not.toBe(first.planHash);
    const listed = async (query: string) =>
      (await get(`/hyper-running/sprints${query}`)).seen.items?.some(({ sprintId }) => sprintId === first.planId);
    expect([await listed(''), await listed('?plans=true')]).toEqual([false, true]);
    expect(await edit(first, ['**'])).toMatchObject({ status: 412, seen: { code: 'plan.edit-stale' } });
    const wide = await edit(narrow.seen, ['docs/b/**', 'guides/**']);
    expect(paths(wide.seen)).toEqual([['docs/b/c.md'], ['guides/d.md']]);
    expect(wide.seen).toMatchObject({ findings: { inScope: 2, protected: [{ path: 'guides/law/e.md' }] } });
    const { tasks } = wide.seen;
    expect(new Set(tasks.map(({ taskId }) => taskId)).size).toBe(2);
    expect(await edit(wide.seen, ['src/**'])).toMatchObject({ status: 422, seen: { code: 'plan.empty' } });
    expect(await edit(wide.seen, ['/'])).toMatchObject({ status: 422, seen: { code: 'scope.invalid-pattern' } });
    const { planId, planHash } = wide.seen;
    expect((await send('/hyper-running/execute', 'wide-old', { planId, planHash: first.planHash })).status).toBe(409);
    expect((await send('/hyper-running/execute', 'wide-run', { planId, planHash })).status).toBe(202);
    await completed(planId);
    const { seen } = await get(`/hyper-running/sprints/${planId}`);
    expect(seen.tasks.map(({ status }) => status)).toEqual(['passed', 'passed']);
  });

  it('are refused before the memory of the log is full; what is there is decided all the same, even when it is full', async () => {
    const redis = rooms.app.get<Redis>(REDIS);
    const wish = { repository: join(folder, 'pages'), scope: ['docs/**'] };
    const { seen: waiting } = await send('/hyper-running/plan', 'before-full', wish);
    const [, used] = /^used_memory:(\d+)/m.exec(await redis.info('memory')) ?? [];
    try {
      await redis.config('SET', 'maxmemory', Math.round(Number(used) / 0.9));
      const refused = { status: 507, seen: { code: 'log.nearly-full' } };
      expect(await send('/hyper-running/plan', 'too-late', wish)).toMatchObject(refused);
      const approval = { planId: waiting.planId, planHash: waiting.planHash };
      expect(await send('/hyper-running/execute', 'too-late-too', approval)).toMatchObject(refused);
      const ready = await (await rooms.fetch('/health/ready')).json();
      expect(ready).toMatchObject({ memory: { takesNewSprints: false, newSprintsUntil: 80 } });
      await redis.config('SET', 'maxmemory', '1');
      const decided = `/hyper-running/plans/${waiting.planId}/reject`;
      expect(await send(decided, 'when-full', { reason: 'Not now.' })).toMatchObject({ status: 200 });
      // What was sent before is answered as then.
      expect(await send('/hyper-running/plan', 'before-full', wish)).toMatchObject({ status: 201 });
    } finally {
      await redis.config('SET', 'maxmemory', '0');
    }
    expect((await send('/hyper-running/plan', 'after-full', wish)).status).toBe(201);
  });
});
