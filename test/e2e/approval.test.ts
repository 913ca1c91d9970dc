import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Api } from '../harness/api.js';
import { openPlace, type Place } from '../harness/place.js';
import { commitAll, makeRepository, ourBranches, QUICK, writeFiles } from '../harness/repositories.js';
import { launch, type Service } from '../harness/service.js';
import {
  approvalOf,
  approve,
  completed,
  propose,
  readSprint,
  taskOf,
  type PlanAnswer,
  type SprintAnswer,
} from '../harness/sprints.js';

const EXECUTE = '/hyper-running/execute';

const statusesOf = (answers: readonly { readonly status: number }[]) =>
  answers
    .map(({ status }) => `${status}`)
    .toSorted()
    .join(' ');

let place: Place;
let service: Service;
let api: Api;

beforeAll(async () => {
  place = await openPlace();
  service = launch(place);
  api = await service.ready;
}, 60_000);

afterAll(async () => {
  await service?.stop();
  await place?.remove();
});

describe('the approval of a plan', () => {
  let made = 0;

  const newRepository = () => makeRepository(place.repositories, `quick-${(made += 1)}`, QUICK);
  /** Of three tasks where it matters. */
  const newPlan = async (maxTasks = 1) => propose(api, { repository: await newRepository(), maxTasks });
  const execute = (body: unknown, headers = {}) => api.post<SprintAnswer & { code?: string }>(EXECUTE, body, headers);

  it('is bound to the hash that was read: another one is refused, the right one runs', async () => {
    const plan = await newPlan();
    expect(await execute({ planId: plan.planId, planHash: 'f'.repeat(64) })).toMatchObject({
      status: 409,
      body: { code: 'plan.stale-hash' },
    });
    expect((await readSprint(api, plan.planId)).status).toBe('proposed');
    expect(await execute(approvalOf(plan))).toMatchObject({ status: 202, body: { sprintId: plan.planId } });
    const { status } = await completed(api, plan.planId);
    expect(status).toBe('completed');
  });

  it('is refused for a plan that nobody made', async () => {
    expect(await execute({ planId: 's-nowhere', planHash: 'f'.repeat(64) })).toMatchObject({
      status: 404,
      body: { code: 'sprint.unknown' },
    });
  });

  it('can be given once', async () => {
    const plan = await newPlan();
    await approve(api, plan);
    expect(await execute(approvalOf(plan))).toMatchObject({ status: 409, body: { code: 'plan.already-decided' } });
    await completed(api, plan.planId);
    expect(await execute(approvalOf(plan))).toMatchObject({ status: 409, body: { code: 'plan.already-decided' } });
  });

  it('names tasks of this plan only', async () => {
    const [plan, other] = [await newPlan(), await newPlan(3)];
    const foreign = taskOf(other, 'links').taskId;
    expect(await execute({ ...approvalOf(plan), taskIds: [foreign] })).toMatchObject({
      status: 422,
      body: { code: 'plan.unknown-task' },
    });
    expect((await readSprint(api, plan.planId)).status).toBe('proposed');
  });

  it('may leave tasks out: they are declined and never run', async () => {
    const plan = await newPlan(3);
    const chosen = taskOf(plan, 'spelling').taskId;
    await approve(api, plan, [chosen]);
    const sprint = await completed(api, plan.planId);
    const outcomes = Object.fromEntries(sprint.tasks.map((task) => [task.agent ?? '', task.status]));
    expect(outcomes).toEqual({ spelling: 'passed', links: 'declined', markdown: 'declined' });
    expect(await ourBranches(plan.repository.path)).toEqual([expect.stringMatching(`hyper-run/${chosen}$`)]);
  });

  it('given twice at the same instant succeeds once', async () => {
    const plan = await newPlan();
    const answers = await Promise.all([1, 2, 3, 4].map(() => execute(approvalOf(plan))));
    expect(statusesOf(answers)).toBe('202 409 409 409');
    const codes = answers.flatMap(({ body }) => body.code ?? []);
    expect(codes.every((code) => ['plan.already-decided', 'repository.busy'].includes(code))).toBe(true);
    await completed(api, plan.planId);
  });

  it('given to two plans of one repository at the same instant runs one of them; the other may run afterwards', async () => {
    const wish = { repository: await newRepository(), maxTasks: 1 };
    const plans = [await propose(api, wish), await propose(api, wish)];
    const answers = await Promise.all(plans.map((plan) => execute(approvalOf(plan))));
    expect(statusesOf(answers)).toBe('202 409');
    const lost = answers.findIndex(({ status }) => status === 409);
    expect(answers[lost]?.body.code).toBe('repository.busy');
    const [winner, loser] = [plans[1 - lost], plans[lost]];
    await completed(api, winner?.planId ?? '');
    expect((await readSprint(api, loser?.planId ?? '')).status).toBe('proposed');
    expect((await execute(approvalOf(loser ?? plans[0]!))).status).toBe(202);
    await completed(api, loser?.planId ?? '');
  });

  it('is refused when an approved path has changed since; what has not changed may still run', async () => {
    const plan = await newPlan(3);
    await writeFiles(plan.repository.path, { 'docs/words.md': '# Words\n\nOther words.\n' });
    await commitAll(plan.repository.path, 'Change a page');
    expect(await execute(approvalOf(plan))).toMatchObject({
      status: 409,
      body: { code: 'plan.base-moved', changed: ['docs/words.md'] },
    });
    await approve(api, plan, [taskOf(plan, 'links').taskId]);
    expect((await completed(api, plan.planId)).status).toBe('completed');
  });

  it('without a reader is refused unless the operator allows it', async () => {
    const plan = await newPlan();
    expect(await execute({ ...approvalOf(plan), unattended: true })).toMatchObject({
      status: 403,
      body: { code: 'plan.unattended-refused' },
    });
  });

  it('repeated under the same Idempotency-Key is answered alike and happens once', async () => {
    const plan = await newPlan();
    const key = { 'idempotency-key': `approve-${plan.planId}` };
    const first = await execute(approvalOf(plan), key);
    const again = await execute(approvalOf(plan), key);
    expect(first.status).toBe(202);
    expect(again).toMatchObject({ status: 202, body: first.body });
    await completed(api, plan.planId);
    const late = await execute(approvalOf(plan), key);
    expect(late).toMatchObject({ status: 202, body: first.body });
    expect(await ourBranches(plan.repository.path)).toHaveLength(1);
  });

  it('under an Idempotency-Key that stood for something else is refused', async () => {
    const plan = await newPlan(3);
    const key = { 'idempotency-key': `reused-${plan.planId}` };
    await execute({ ...approvalOf(plan), taskIds: [taskOf(plan, 'links').taskId] }, key);
    expect(await execute(approvalOf(plan), key)).toMatchObject({ status: 409, body: { code: 'command.id-reused' } });
    await completed(api, plan.planId);
  });
});

describe('the review of a plan', () => {
  let repository: string;

  beforeAll(async () => {
    repository = await makeRepository(place.repositories, 'quick', QUICK);
  });

  const edit = (plan: PlanAnswer, body: unknown, hash: string = plan.planHash) =>
    api.patch<PlanAnswer & { code?: string }>(`/hyper-running/plans/${plan.planId}`, body, { 'if-match': `"${hash}"` });

  it('edits what was read, and makes the hash that was read stale', async () => {
    const plan = await propose(api, { repository });
    const drop = [taskOf(plan, 'markdown').taskId];
    const kept = taskOf(plan, 'spelling');
    expect(await edit(plan, { drop }, '0'.repeat(64))).toMatchObject({
      status: 412,
      body: { code: 'plan.edit-stale' },
    });
    const tasks = [{ taskId: kept.taskId, title: 'Spell it right' }];
    const edited = await edit(plan, { drop, tasks });
    expect(edited.status).toBe(200);
    expect(edited.headers.get('etag')).toBe(`"${edited.body.planHash}"`);
    expect(edited.body.planHash).not.toBe(plan.planHash);
    expect(edited.body.tasks.map(({ title }) => title)).toContain('Spell it right');
    expect(edited.body.tasks).toHaveLength(2);
    expect(await api.post('/hyper-running/execute', approvalOf(plan))).toMatchObject({
      body: { code: 'plan.stale-hash' },
    });
    await approve(api, edited.body);
    const sprint = await completed(api, plan.planId);
    expect(sprint.tasks.map(({ title, status }) => `${title} ${status}`)).toContain('Spell it right passed');
    expect(sprint.tasks).toHaveLength(2);
  });

  it('cannot edit without saying which plan was read', async () => {
    const plan = await propose(api, { repository });
    const path = `/hyper-running/plans/${plan.planId}`;
    expect(await api.patch(path, { drop: [] })).toMatchObject({
      status: 428,
      body: { code: 'plan.if-match-required' },
    });
  });

  it('cannot widen what a task may change', async () => {
    const plan = await propose(api, { repository });
    const { taskId } = taskOf(plan, 'links');
    const answer = await edit(plan, { tasks: [{ taskId, paths: ['package.json'] }] });
    expect(answer.status).toBe(422);
    expect((await api.get<PlanAnswer>(`/hyper-running/plans/${plan.planId}`)).body.planHash).toBe(plan.planHash);
  });

  it('rejects a plan for good', async () => {
    const plan = await propose(api, { repository });
    const path = `/hyper-running/plans/${plan.planId}`;
    const rejected = await api.post<PlanAnswer>(`${path}/reject`, { reason: 'Not this week' });
    expect(rejected).toMatchObject({
      status: 200,
      body: { status: 'rejected', reason: 'Not this week', decidedBy: 'person:owner', decidedAt: expect.any(String) },
    });
    expect(await api.post('/hyper-running/execute', approvalOf(plan))).toMatchObject({
      status: 409,
      body: { code: 'plan.already-decided' },
    });
  });

  it('plans once for one Idempotency-Key', async () => {
    const key = { 'idempotency-key': 'plan-once' };
    const first = await propose(api, { repository }, key);
    const again = await propose(api, { repository }, key);
    expect(again).toEqual(first);
    const other = await api.post('/hyper-running/plan', { repository, maxTasks: 1 }, key);
    expect(other).toMatchObject({ status: 409, body: { code: 'command.id-reused' } });
  });

  it('never proposes again what was dismissed', async () => {
    const plan = await propose(api, { repository });
    const [evidence] = taskOf(plan, 'spelling').evidence;
    const path = `/findings/${evidence?.findingId}/dismiss?repository=${plan.repository.repositoryId}`;
    expect((await api.post(path, { reason: 'It is a name' })).status).toBe(200);
    const next = await propose(api, { repository });
    expect(next.tasks.map(({ agent }) => agent)).not.toContain('spelling');
    expect(next.findings.dismissed).toBe(1);
  });
});
