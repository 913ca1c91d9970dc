import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { compareFingerprints, type Fingerprint } from '#git';
import { verifyExport } from '#seal';
import { startRedisServer, type RedisServer } from '../../libs/event-store/test/redis-server.js';
import type { Api } from '../harness/api.js';
import { exportSprint, replayed, type Exported } from '../harness/audit.js';
import { LiveEvents } from '../harness/events.js';
import { leftovers, openPlace, type Place } from '../harness/place.js';
import { ATLAS, fingerprintOf, git, makeRepository, ourBranches } from '../harness/repositories.js';
import { launch, type Service } from '../harness/service.js';
import {
  ALL_PASSED,
  outcomesOf,
  approve,
  completed,
  propose,
  readSprint,
  taskOf,
  type PlanAnswer,
  type SprintAnswer,
} from '../harness/sprints.js';

describe('the main job: plan, execute, report, verify, replay', () => {
  let redis: RedisServer;
  let place: Place;
  let service: Service;
  let api: Api;
  let repository: string;
  let before: Fingerprint;
  let live: LiveEvents;
  let plan: PlanAnswer;
  let sprint: SprintAnswer;
  let exported: Exported;
  const channel: string[] = [];

  beforeAll(async () => {
    redis = await startRedisServer('--appendfsync', 'always');
    place = await openPlace({ REDIS_URL: `unix://${redis.path}` });
    repository = await makeRepository(place.repositories, 'atlas', ATLAS);
    before = await fingerprintOf(repository);
    service = launch(place);
    api = await service.ready;
    const subscriber = new Redis({ path: redis.path });
    await subscriber.subscribe('hypercode.events');
    subscriber.on('message', (_channel, message: string) => channel.push(message));
    live = await LiveEvents.open(api);
    plan = await propose(api, { repository });
    await approve(api, plan);
    sprint = await completed(api, plan.planId);
    await live.wait('sprint.completed', plan.planId);
    exported = await exportSprint(api, plan.planId);
    subscriber.disconnect();
  }, 60_000);

  afterAll(async () => {
    live?.close();
    await service?.stop();
    await redis?.end();
    await place?.remove();
  });

  it('proposes three tasks with evidence, inside the scope, to be verified by the tests of the repository', () => {
    expect(plan.tasks.map((task) => task.agent).toSorted()).toEqual(['links', 'markdown', 'spelling']);
    for (const task of plan.tasks) {
      expect(task.evidence.length).toBeGreaterThan(0);
      expect(task.paths.every((path) => path.startsWith('docs/'))).toBe(true);
    }
    expect(plan.verification.commands).toMatchObject([{ command: 'npm test' }]);
  });

  it('offers the plan as proposed_sprint.json, outside the checkout', async () => {
    const { body } = await api.get<PlanAnswer>(`/hyper-running/plans/${plan.planId}/proposed_sprint.json`);
    expect(body.planHash).toBe(plan.planHash);
    await expect(stat(join(repository, 'proposed_sprint.json'))).rejects.toThrow(/ENOENT/);
  });

  it('keeps each task that passed on a branch of its own, on top of the base commit', async () => {
    expect(sprint.status).toBe('completed');
    expect(outcomesOf(sprint)).toEqual(ALL_PASSED);
    expect(await ourBranches(repository)).toEqual(
      sprint.tasks
        .map((task) => `${task.commit} ${task.branch}`)
        .toSorted((a, b) => (a.slice(41) < b.slice(41) ? -1 : 1)),
    );
    for (const task of sprint.tasks)
      expect(await git(repository, 'rev-parse', `${task.branch}^`)).toBe(plan.baseCommit);
    const { branch } = sprint.tasks.find((task) => task.agent === 'links') ?? {};
    expect(await git(repository, 'show', `${branch}:docs/index.md`)).toContain('(guide/first-steps.md)');
  });

  it('leaves everything else of the repository as it was', async () => {
    expect(compareFingerprints(before, await fingerprintOf(repository))).toEqual([]);
  });

  it('reports in JSON and in Markdown what became of each task', async () => {
    const path = `/hyper-running/sprints/${plan.planId}/report`;
    const json = await api.get<{ tasks: readonly unknown[] }>(path);
    expect(json.body.tasks).toHaveLength(3);
    const markdown = await api.get<string>(path, { accept: 'text/markdown' });
    for (const task of sprint.tasks)
      expect(markdown.body).toContain(`Branch \`${task.branch}\`, commit \`${task.commit}\``);
  });

  it('verifies the seals in the service and offline, from the export alone', async () => {
    const { body } = await api.get<{ valid: boolean; commits: number }>(`/hyper-running/sprints/${plan.planId}/verify`);
    expect(body).toMatchObject({ valid: true, commits: 3, problems: [] });
    expect(exported.verified).toMatchObject({ valid: true, problems: [], events: exported.events.length });
  });

  it('names the record of which one byte was altered', async () => {
    const { taskId } = taskOf(plan, 'links');
    const at = exported.lines.findIndex((line) => line.includes(`"task-${taskId}"`) && line.includes('task.claimed'));
    const version = (JSON.parse(exported.lines[at] ?? '') as { version: number }).version;
    const altered = exported.lines.with(at, (exported.lines[at] ?? '').replace('attempt\\":1', 'attempt\\":2'));
    expect(altered).not.toEqual(exported.lines);
    const { valid, problems } = await verifyExport(altered);
    expect(valid).toBe(false);
    expect(problems[0]).toMatchObject({ stream: `task-${taskId}`, version, kind: 'altered' });
  });

  it('replays to the state that it shows', () => {
    expect(replayed(exported, sprint)).toEqual(sprint);
  });

  it('tells the history of one task by pages', async () => {
    const { taskId } = taskOf(plan, 'links');
    const told: unknown[] = [];
    for (let after = ''; ;) {
      const { body } = await api.get<{ items: readonly { id: string }[]; next?: string }>(
        `/hyper-running/tasks/${taskId}/events?limit=5${after}`,
      );
      told.push(...body.items.map(({ id }) => id));
      if (body.next === undefined) break;
      after = `&after=${body.next}`;
    }
    const whole = exported.events.filter(({ stream }) => stream === `task-${taskId}`);
    expect(whole.length).toBeGreaterThan(5);
    expect(told).toEqual(whole.map(({ id }) => id));
  });

  it('travels in time, by cursor and by clock', async () => {
    const proposed = await readSprint(api, plan.planId, `?at=${plan.cursor}`);
    expect(proposed).toMatchObject({ status: 'proposed', tasks: [] });
    const started = await live.wait('sprint.started', plan.planId);
    const running = await readSprint(api, plan.planId, `?at=${started.cursor}`);
    expect(running).toMatchObject({
      status: 'running',
      tasks: [{ status: 'queued' }, { status: 'queued' }, { status: 'queued' }],
    });
    const byClock = await readSprint(api, plan.planId, `?at=${started.time}`);
    expect(byClock.status).toBe('running');
    expect(await readSprint(api, plan.planId)).toEqual(sprint);
    expect(await api.get(`/hyper-running/sprints/${plan.planId}?at=tomorrow`)).toMatchObject({
      status: 422,
      body: { code: 'cursor.invalid' },
    });
  });

  it('told every event of the history over the stream, once and in order', async () => {
    const told = live.events.filter(({ stream }) => /^(sprint|task)-/.test(stream));
    const path = `/hyper-running/sprints/${plan.planId}/events?limit=1000`;
    const { body } = await api.get<{ items: { id: string; position: string }[] }>(path);
    expect(told.map(({ id }) => id)).toEqual(body.items.map(({ id }) => id));
    expect(exported.events.map(({ id }) => id).toSorted()).toEqual(body.items.map(({ id }) => id).toSorted());
  });

  it('resumes the stream after any event without gap or repeat', async () => {
    const all = live.events;
    const middle = all[Math.floor(all.length / 2)];
    const rest = await LiveEvents.open(api, { after: middle?.cursor ?? '' });
    await rest.wait('sprint.completed', plan.planId);
    rest.close();
    const after = all.filter((event) => Number(event.position) > Number(middle?.position));
    expect(rest.events.slice(0, after.length).map(({ id }) => id)).toEqual(after.map(({ id }) => id));
  });

  it('published every event on the channel, byte for byte as the stream told it', () => {
    const told = live.reader.events.map(({ data }) => data);
    expect(channel.slice(0, told.length)).toEqual(told);
    expect(JSON.parse(channel[0] ?? '')).toMatchObject({
      specversion: '1.0',
      type: expect.stringMatching(/^hyperrun\./),
    });
  });

  it('keeps the status of each agent in a hash in Redis, the same as it tells over HTTP', async () => {
    const client = new Redis({ path: redis.path });
    const { body } = await api.get<{ items: { agentId: string; status: string }[] }>('/agents');
    expect(body.items.length).toBeGreaterThan(0);
    const claimed = live.events.filter((event) => event.type === 'hyperrun.task.claimed').map((event) => event.agentid);
    for (const id of claimed) {
      const hash = await client.hgetall(`agent:status:${id}`);
      expect(hash).toMatchObject({ id, status: 'idle' });
      expect(Number(hash['version'])).toBeGreaterThan(0);
    }
    client.disconnect();
  });

  it('leaves no checkout behind', async () => {
    expect(await leftovers(place)).toEqual([]);
  });
});
