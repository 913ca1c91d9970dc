import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { compareFingerprints } from '#git';
import type { Api } from '../harness/api.js';
import { exportSprint, replayed } from '../harness/audit.js';
import { LiveEvents } from '../harness/events.js';
import { leftovers, openPlace, type Place } from '../harness/place.js';
import { fingerprintOf, git, makeRepository, ourBranches, PINNED, QUICK, RED, SLOW } from '../harness/repositories.js';
import { launch, type Service } from '../harness/service.js';
import {
  ALL_PASSED,
  outcomesOf,
  approve,
  completed,
  propose,
  readSprint,
  runSprint,
  taskOf,
  type SprintAnswer,
  type TaskAnswer,
} from '../harness/sprints.js';

describe('a running sprint', () => {
  let place: Place;
  let service: Service;
  let api: Api;
  let live: LiveEvents;

  beforeAll(async () => {
    place = await openPlace({ HYPER_RUN_CONCURRENCY: '1' });
    service = launch(place);
    api = await service.ready;
    live = await LiveEvents.open(api);
  }, 60_000);

  afterAll(async () => {
    live?.close();
    await service?.stop();
    await place?.remove();
  });

  const steer = (sprintId: string, how: 'pause' | 'resume' | 'cancel', body?: unknown) =>
    api.post<SprintAnswer & { code?: string }>(`/hyper-running/sprints/${sprintId}/${how}`, body);

  it('pauses: what runs may finish, nothing new begins; resumed, it completes', async () => {
    const plan = await propose(api, { repository: await makeRepository(place.repositories, 'pause', SLOW) });
    await approve(api, plan);
    const first = await live.wait('task.claimed', plan.planId);
    expect((await steer(plan.planId, 'pause', { reason: 'Lunch' })).status).toBe(202);
    await live.wait('sprint.paused', plan.planId);
    const paused = await readSprint(api, plan.planId);
    expect(paused).toMatchObject({ status: 'paused', reason: 'Lunch' });
    expect(paused.tasks.filter(({ status }) => status === 'queued')).toHaveLength(2);
    expect(
      live.events.filter((event) => event.sprintid === plan.planId && event.type === 'hyperrun.task.claimed'),
    ).toHaveLength(1);
    expect((await steer(plan.planId, 'resume')).status).toBe(202);
    const sprint = await completed(api, plan.planId);
    expect(outcomesOf(sprint)).toEqual(ALL_PASSED);
    expect(first.type).toBe('hyperrun.task.claimed');
    expect(await steer(plan.planId, 'pause')).toMatchObject({ status: 409, body: { code: 'sprint.completed' } });
  });

  it('is cancelled: nothing that was not decided becomes a branch, and the repository is free again', async () => {
    const repository = await makeRepository(place.repositories, 'cancel', SLOW);
    const before = await fingerprintOf(repository);
    const plan = await propose(api, { repository });
    await approve(api, plan);
    await live.wait('task.verification-started', plan.planId);
    expect((await steer(plan.planId, 'cancel', { reason: 'Wrong week' })).status).toBe(202);
    const sprint = await completed(api, plan.planId);
    expect(sprint.status).toBe('cancelled');
    expect(sprint.tasks.map(({ status }) => status)).toEqual(['cancelled', 'cancelled', 'cancelled']);
    expect(await ourBranches(repository)).toEqual([]);
    expect(compareFingerprints(before, await fingerprintOf(repository))).toEqual([]);
    expect((await runSprint(api, { repository, maxTasks: 1 })).status).toBe('completed');
  });

  it('goes on without a task that a person cancels', async () => {
    const plan = await propose(api, { repository: await makeRepository(place.repositories, 'cancel-one', SLOW) });
    await approve(api, plan);
    const { taskid = '' } = await live.wait('task.claimed', plan.planId);
    const answer = await api.post<TaskAnswer>(`/hyper-running/tasks/${taskid}/cancel`, { reason: 'Not this one' });
    expect(answer).toMatchObject({ status: 202, body: { status: 'cancelled', reason: 'Not this one' } });
    const sprint = await completed(api, plan.planId);
    expect(sprint.tasks.map(({ status }) => status).toSorted()).toEqual(['cancelled', 'passed', 'passed']);
  });

  it('keeps no branch of a task that fails its verification, tells why, keeps the patch, and does it again as a follow-up', async () => {
    const repository = await makeRepository(place.repositories, 'pinned', PINNED);
    const plan = await propose(api, { repository });
    await approve(api, plan);
    const sprint = await completed(api, plan.planId);
    const failed = sprint.tasks.find(({ agent }) => agent === 'spelling');
    expect(failed).toMatchObject({ status: 'failed', kind: 'verification-failed' });
    expect(failed?.branch).toBeUndefined();
    expect(failed?.reason).toMatch(/test/);
    expect(sprint.tasks.filter(({ status }) => status === 'passed')).toHaveLength(2);
    expect((await ourBranches(repository)).some((branch) => branch.includes(failed?.taskId ?? '?'))).toBe(false);
    const diff = await api.get<string>(`/hyper-running/tasks/${failed?.taskId}/diff`);
    expect(diff.body).toMatch(/^-You will recieve a map\.\n\+You will receive a map\.$/m);
    const exported = await exportSprint(api, plan.planId);
    expect(exported.verified.valid).toBe(true);
    expect(replayed(exported, sprint)).toEqual(sprint);
    const retried = await api.post<SprintAnswer>(`/hyper-running/tasks/${failed?.taskId}/retry`);
    expect(retried.status).toBe(202);
    const followUp = await completed(api, retried.body.sprintId);
    expect(followUp.plan).toMatchObject({ follows: failed?.taskId });
    expect(followUp.tasks).toHaveLength(1);
    expect(followUp.tasks[0]?.taskId).not.toBe(failed?.taskId);
  });

  it('on a red base pauses before anything is changed, and goes on when a person says so', async () => {
    const repository = await makeRepository(place.repositories, 'red', RED);
    const plan = await propose(api, { repository, maxTasks: 1 });
    await approve(api, plan);
    await live.wait('sprint.paused', plan.planId);
    const paused = await readSprint(api, plan.planId);
    expect(paused).toMatchObject({ status: 'paused', base: { outcome: 'failed' } });
    expect(paused.reason).toMatch(/does not pass its own verification/);
    expect(live.events.some((event) => event.sprintid === plan.planId && event.type === 'hyperrun.task.claimed')).toBe(
      false,
    );
    expect((await steer(plan.planId, 'resume')).status).toBe(202);
    const sprint = await completed(api, plan.planId);
    expect(sprint.tasks.every(({ status }) => status === 'failed' || status === 'passed')).toBe(true);
  });

  it('blocks a task whose branch somebody else has made, leaves that branch alone, and lets a person settle it', async () => {
    const repository = await makeRepository(place.repositories, 'foreign', QUICK);
    const plan = await propose(api, { repository });
    const { taskId } = taskOf(plan, 'links');
    await git(repository, 'branch', `hyper-run/${taskId}`);
    await approve(api, plan);
    const blocked = await live.wait('task.blocked', taskId);
    expect(blocked.data).toMatchObject({ kind: 'publishing' });
    await live.wait('alert.raised', taskId);
    const alerts = await api.get<{ items: { alertId: string; severity: string }[] }>('/alerts');
    expect(alerts.body.items.some(({ alertId }) => alertId.includes(taskId))).toBe(true);
    expect(await git(repository, 'rev-parse', `hyper-run/${taskId}`)).toBe(plan.baseCommit);
    const discarded = await api.post<TaskAnswer>(`/hyper-running/tasks/${taskId}/discard`, { reason: 'Keep mine' });
    expect(discarded).toMatchObject({ status: 202, body: { status: 'discarded' } });
    const sprint = await completed(api, plan.planId);
    expect(sprint.tasks.map(({ status }) => status).toSorted()).toEqual(['discarded', 'passed', 'passed']);
    expect(await git(repository, 'rev-parse', `hyper-run/${taskId}`)).toBe(plan.baseCommit);
  });

  it('leaves no checkout behind, whatever became of it', async () => {
    await service.stop();
    expect(await leftovers(place)).toEqual([]);
  });
});
