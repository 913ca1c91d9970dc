import { describe, expect, it } from '@jest/globals';
import type { AnyEvent, TaskId } from '#contracts';
import { event, type World } from '#domain';
import * as fixture from '../../libs/domain/src/plan.fixture.js';
import { limits } from './limits.fixture.js';
import { next, type Limits, type Signals } from './next.js';
import { worldOf } from '../../libs/domain/src/world.fixture.js';

const HOUR = 3_600_000;
const signals = (alive: boolean, awakeSince = 0): Signals => ({
  alive: () => alive,
  lastProgress: () => undefined,
  awakeSince,
});

const sprint = (...events: readonly AnyEvent[]) => events.map((one) => ['sprint-s-1', one] as const);
const task = (id: string, ...events: readonly AnyEvent[]) => events.map((one) => [`task-${id}`, one] as const);
const budgets = { ...fixture.plan.budgets, sprint: { tokens: 1000 } };
const plan = { ...fixture.plan, budgets };
const running = sprint(
  fixture.requested,
  fixture.analysisClaimed,
  event('sprint.plan-proposed', { plan }),
  fixture.approved,
  fixture.baseVerified('passed'),
  fixture.started,
);
const queued = (id: string) => event('task.queued', { ...fixture.queued.data, budgets, task: fixture.plannedTask(id) });
const claimed = fixture.claimed();
const question = { questionId: 'q-1', text: 'Which?', options: [] };
const asked = event('task.blocked', { attempt: 1, kind: 'question', reason: 'The agent asks: Which?', question });
const usedUp = (of: 'task' | 'sprint') =>
  event('task.blocked', {
    attempt: 1,
    kind: 'budget',
    reason: '1,000 of 1,000 tokens',
    spent: { budget: 'tokens', of, limit: 1000, used: 1000 },
  });
const granted = (of: 'task' | 'sprint') =>
  event('task.answered', {
    attempt: 1,
    kind: 'budget',
    text: '',
    granted: { budget: 'tokens', of, amount: 500 },
    timedOut: false,
  });
const interrupted = event('task.attempt-interrupted', { attempt: 1, worker: fixture.ada, reason: 'lost' });

const commandsOf = (world: World, told: Signals, now: number, by: Limits = limits) =>
  next(world, told, now, by).steps.map((step) =>
    step.kind === 'complete' ? step.kind : { task: step.kind === 'task' ? step.taskId : '', ...step.command },
  );
const waiting = worldOf(...running, ...task('t-1', queued('t-1'), claimed, asked));
const since = 9000;

describe('the orchestrator, of a task that waits for a person', () => {
  it('waits as long as a person may take, looking after its worker, and calls it neither stalled nor lost', () => {
    expect(next(waiting, signals(true), since + 23 * HOUR, limits)).toEqual({
      steps: [],
      wakeAt: since + 23 * HOUR + 5000,
    });
    expect(next(waiting, signals(true), since + 24 * HOUR - 1, limits).wakeAt).toBe(since + 24 * HOUR);
  });

  it('lets the agent go on without an answer when nobody came, or fails the task, as the policy says', () => {
    const late = since + 24 * HOUR;
    expect(commandsOf(waiting, signals(true), late)).toEqual([{ task: 't-1', type: 'go-on', since }]);
    const reason = 'Nobody answered within 24 h 0 min: The agent asks: Which?';
    expect(commandsOf(waiting, signals(true), late, { ...limits, unanswered: 'fail' })).toEqual([
      { task: 't-1', type: 'give-up', since, reason },
    ]);
  });

  it('fails a task whose budget nobody has raised, whatever the policy for questions is', () => {
    const world = worldOf(...running, ...task('t-1', queued('t-1'), claimed, usedUp('task')));
    expect(commandsOf(world, signals(true), since + 24 * HOUR)).toMatchObject([{ type: 'give-up', since }]);
  });

  it('does not count the time in which no orchestrator was awake', () => {
    const late = since + 100 * HOUR;
    expect(commandsOf(waiting, signals(true, late - HOUR), late)).toEqual([]);
    expect(commandsOf(waiting, signals(true, late - HOUR), late + 23 * HOUR)).toMatchObject([{ type: 'go-on' }]);
  });

  it('does not count a pause either', () => {
    const pausing = event('sprint.pausing', { reason: 'weekend' });
    const paused = event('sprint.paused', { reason: 'weekend' });
    const asleep = worldOf(...running, ...task('t-1', queued('t-1'), claimed, asked), ...sprint(pausing, paused));
    expect(commandsOf(asleep, signals(true), since + 100 * HOUR)).toEqual([]);
    const resumed = worldOf(
      ...running,
      ...task('t-1', queued('t-1'), claimed, asked),
      ...sprint(pausing, paused, event('sprint.resumed', {})),
    );
    const resumedAt = since + 3000;
    expect(commandsOf(resumed, signals(true), resumedAt + 24 * HOUR - 1)).toEqual([]);
    expect(commandsOf(resumed, signals(true), resumedAt + 24 * HOUR)).toMatchObject([{ type: 'go-on' }]);
  });

  it('records that its worker was lost, and waits on for the answer', () => {
    expect(commandsOf(waiting, signals(false), since + 1000)).toMatchObject([{ type: 'interrupt', attempt: 1 }]);
    const lost = worldOf(...running, ...task('t-1', queued('t-1'), claimed, asked, interrupted));
    expect(next(lost, signals(false), since + 2000, limits)).toEqual({ steps: [], wakeAt: since + 24 * HOUR });
    expect(commandsOf(lost, signals(false), since + 24 * HOUR)).toMatchObject([{ type: 'go-on' }]);
  });

  it('cancels it with its sprint', () => {
    const world = worldOf(
      ...running,
      ...task('t-1', queued('t-1'), claimed, asked),
      ...sprint(event('sprint.cancelled', { reason: 'enough' })),
    );
    expect(commandsOf(world, signals(true), since + 2000)).toContainEqual({
      task: 't-1',
      type: 'cancel',
      reason: 'enough',
    });
  });

  it('waits for ever where a branch could not be made', () => {
    const stuck = event('task.blocked', { attempt: 1, kind: 'publishing', reason: 'foreign branch' });
    const world = worldOf(...running, ...task('t-1', queued('t-1'), claimed, fixture.publishDecided, stuck));
    expect(next(world, signals(false), since + 1000 * HOUR, limits)).toEqual({ steps: [] });
  });
});

describe('the orchestrator, of two tasks at the limit of their sprint', () => {
  const both = [
    ...running,
    ...task('t-1', queued('t-1'), claimed, usedUp('sprint')),
    ...task('t-2', queued('t-2'), claimed, usedUp('sprint')),
  ];
  it('releases the other one when more was granted to the sprint in one of them', () => {
    const world = worldOf(...both, ...task('t-1', granted('sprint')));
    expect(commandsOf(world, signals(true), 20_000)).toEqual([
      { task: 't-2' as TaskId, type: 'release', since: 12_000 },
    ]);
  });
  it('does not when it was granted to the one task alone, or before the other one came to its limit', () => {
    expect(commandsOf(worldOf(...both, ...task('t-1', granted('task'))), signals(true), 20_000)).toEqual([]);
    const again = event('task.blocked', {
      attempt: 1,
      kind: 'budget',
      reason: 'x',
      spent: { budget: 'tokens', of: 'sprint', limit: 1500, used: 1500 },
    });
    const world = worldOf(
      ...running,
      ...task('t-1', queued('t-1'), claimed, usedUp('sprint'), granted('sprint')),
      ...task('t-2', queued('t-2'), claimed, again),
    );
    expect(commandsOf(world, signals(true), 20_000)).toEqual([]);
  });
});
