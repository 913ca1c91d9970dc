import { describe, expect, it } from '@jest/globals';
import type { AnyEvent, TaskId } from '#contracts';
import { event, newWorld, USUAL_TROUBLES, type World } from '#domain';
import * as fixture from '../../libs/domain/src/plan.fixture.js';
import { limits } from './limits.fixture.js';
import { next, type Signals } from './next.js';
import { worldOf } from '../../libs/domain/src/world.fixture.js';

const signals = (alive: boolean, lastProgress?: number): Signals => ({
  alive: () => alive,
  lastProgress: () => lastProgress,
  awakeSince: 0,
});

const sprint = (...events: readonly AnyEvent[]) => events.map((one) => ['sprint-s-1', one] as const);
const task = (...events: readonly AnyEvent[]) => events.map((one) => ['task-t-1', one] as const);
const oneTask = { ...fixture.approved, data: { ...fixture.approved.data, taskIds: ['t-1' as TaskId] } };
const review = [fixture.requested, fixture.analysisClaimed, fixture.proposed] as const;
const running = sprint(...review, oneTask, fixture.baseVerified('passed'), fixture.started);
const claimed = fixture.claimed();
const stepsOf = (world: World, told: Signals, now: number) =>
  next(world, told, now, limits).steps.map((step) => (step.kind === 'complete' ? 'complete' : step.command.type));

describe('the orchestrator', () => {
  it('has nothing to do, and nothing to wake for, in an empty world', () =>
    expect(next(newWorld(), signals(true), 0, limits)).toEqual({ steps: [] }));

  it('frees an analysis whose worker lost its lease, and only then', () => {
    const world = worldOf(...sprint(fixture.requested, fixture.analysisClaimed));
    expect(stepsOf(world, signals(false), 5000)).toEqual(['interrupt-analysis']);
    expect(stepsOf(world, signals(true), 5000)).toEqual([]);
  });

  it('takes the merging of passed tasks from a worker that lost its lease, and only then', () => {
    const wanted = [...fixture.completed, fixture.integrationRequested];
    const world = worldOf(...sprint(...wanted, fixture.integrationClaimed()));
    expect(stepsOf(world, signals(false), 20_000)).toEqual(['interrupt-integration']);
    expect(next(world, signals(true), 20_000, limits)).toEqual({ steps: [], wakeAt: 20_000 + limits.leaseCheckMs });
    expect(next(worldOf(...sprint(...wanted)), signals(false), 20_000, limits)).toEqual({ steps: [] });
  });

  it('expires a plan at its time and sleeps until then', () => {
    const world = worldOf(...sprint(...review));
    const expires = Date.parse(fixture.plan.expiresAt);
    expect(next(world, signals(true), expires - 1, limits)).toEqual({ steps: [], wakeAt: expires });
    expect(stepsOf(world, signals(true), expires)).toEqual(['expire']);
  });

  it('starts on a green base and asks a person about a red one', () => {
    const green = worldOf(...sprint(...review, oneTask, fixture.baseVerified('passed')));
    const red = worldOf(...sprint(...review, oneTask, fixture.baseVerified('failed')));
    expect(stepsOf(green, signals(true), 9000)).toEqual(['start']);
    expect(stepsOf(red, signals(true), 9000)).toEqual(['settle-pause']);
  });

  it('takes a task from a worker that lost its lease', () => {
    const world = worldOf(...running, ...task(fixture.queued, claimed));
    expect(stepsOf(world, signals(false), 9000)).toEqual(['interrupt']);
    expect(stepsOf(world, signals(true, 9000), 9000)).toEqual([]);
  });

  it('marks a task without progress as stalled, and takes that back when it progresses', () => {
    const world = worldOf(...running, ...task(fixture.queued, claimed));
    expect(stepsOf(world, signals(true, 8000), 8000 + 299_999)).toEqual([]);
    expect(stepsOf(world, signals(true, 8000), 8000 + 300_000)).toEqual(['mark-stalled']);
    const stalled = event('task.stalled', { attempt: 1, silentMs: 300_000 });
    const marked = worldOf(...running, ...task(fixture.queued, claimed, stalled));
    expect(stepsOf(marked, signals(true, 8000), 400_000)).toEqual([]);
    expect(stepsOf(marked, signals(true, 399_000), 400_000)).toEqual(['mark-progressed']);
  });

  it.each([
    ['ask', 1, []],
    ['retry', 1, ['interrupt']],
    ['retry', 3, ['fail']],
    ['give-up', 1, ['fail']],
  ] as const)('does with a stalled task as the plan says: %s, in attempt %d', (stalls, attempt, steps) => {
    const troubles = { crashed: 'give-up', 'no-change': 'give-up', stalled: stalls, looping: 'ask' } as const;
    const queued = event('task.queued', { ...fixture.queued.data, troubles });
    const held = event('task.claimed', { ...claimed.data, attempt });
    const stalled = event('task.stalled', { attempt, silentMs: 300_000 });
    const marked = worldOf(...running, ...task(queued, held, stalled));
    expect(stepsOf(marked, signals(true, 8000), 400_000)).toEqual(steps);
    expect(stepsOf(marked, signals(true, 399_000), 400_000)).toEqual(['mark-progressed']);
    const verifying = event('task.verification-started', {
      attempt,
      run: 1,
      tree: fixture.publishDecided.data.tree,
      isolation: 'bwrap',
      weak: false,
    });
    expect(
      stepsOf(worldOf(...running, ...task(queued, held, verifying, stalled)), signals(true, 8000), 400_000),
    ).toEqual([]);
  });

  it('gives a stalled task to the next agent of its plan, as long as there is one, and else only calls a person', () => {
    const troubles = { crashed: 'give-up', 'no-change': 'give-up', stalled: 'reassign', looping: 'ask' } as const;
    const stalled = event('task.stalled', { attempt: 1, silentMs: 300_000 });
    const of = (queued: typeof fixture.queued) =>
      worldOf(...running, ...task(event('task.queued', { ...queued.data, troubles }), claimed, stalled));
    expect(next(of(fixture.passable), signals(true, 8000), 400_000, limits).steps).toMatchObject([
      { command: { type: 'interrupt', attempt: 1, trouble: 'stalled', handover: { to: 'coder', by: 'policy' } } },
    ]);
    expect(stepsOf(of(fixture.queued), signals(true, 8000), 400_000)).toEqual([]);
  });

  it('lets a task wait whose agent gets no work now, or gives it to one that does, as the plan says', () => {
    const crashed = event('task.attempt-interrupted', {
      attempt: 1,
      worker: fixture.ada,
      reason: 'x',
      trouble: 'crashed',
    });
    const registered = event('agent.registered', {
      agentId: claimed.data.agentId,
      kind: 'links',
      name: 'x',
      role: 'x',
    });
    const opened = event('agent.circuit-opened', { failures: 3, until: 60_000 });
    const of = (unavailable: 'retry' | 'reassign') => {
      const queued = event('task.queued', { ...fixture.passable.data, troubles: { ...USUAL_TROUBLES, unavailable } });
      const agent = (one: AnyEvent) => ['agent-links-1', one] as const;
      return worldOf(...running, agent(registered), ...task(queued, claimed, crashed), agent(opened));
    };
    const commands = (world: World, now: number) =>
      next(world, signals(true), now, limits).steps.flatMap((step) => (step.kind === 'task' ? [step.command] : []));
    expect(commands(of('retry'), 30_000)).toEqual([]);
    expect(commands(of('reassign'), 60_000)).toEqual([]);
    expect(commands(of('reassign'), 30_000)).toEqual([
      {
        type: 'reassign',
        from: 'links',
        reason: 'links failed too often and gets no work now.',
        handover: { to: 'coder', trouble: 'unavailable', by: 'policy' },
      },
    ]);
  });

  it('does not blame a task for the time in which the orchestrator itself slept', () => {
    const world = worldOf(...running, ...task(fixture.queued, claimed));
    expect(stepsOf(world, { ...signals(true, 8000), awakeSince: 900_000 }, 1_000_000)).toEqual([]);
  });

  it('fails a task whose attempts are used up', () => {
    const interrupted = event('task.attempt-interrupted', { attempt: 3, worker: fixture.ada, reason: 'lost' });
    const third = { ...claimed, data: { ...claimed.data, attempt: 3 } };
    const world = worldOf(...running, ...task(fixture.queued, third, interrupted));
    expect(stepsOf(world, signals(true), 20_000)).toEqual(['fail']);
    const first = worldOf(...running, ...task(fixture.queued, claimed, interrupted));
    expect(stepsOf(first, signals(true), 20_000)).toEqual([]);
  });

  it('settles what is settled, and completes when all is', () => {
    const passed = event('task.failed', { attempt: 1, kind: 'no-change', reason: 'nothing to do' });
    const done = worldOf(...running, ...task(fixture.queued, claimed, passed));
    expect(stepsOf(done, signals(true), 20_000)).toEqual(['settle-task']);
    const settled = worldOf(...running, ...task(fixture.queued, claimed, passed), ...sprint(fixture.settled('t-1')));
    expect(stepsOf(settled, signals(true), 20_000)).toEqual(['complete']);
  });

  it('is paused when nothing is at work, or when the grace is over', () => {
    const pausing = sprint(event('sprint.pausing', { reason: 'lunch' }));
    const quiet = worldOf(...running, ...task(fixture.queued), ...pausing);
    expect(stepsOf(quiet, signals(true), 9000)).toEqual(['settle-pause']);
    const busy = worldOf(...running, ...task(fixture.queued, claimed), ...pausing);
    expect(stepsOf(busy, signals(true, 9000), 10_000)).toEqual([]);
    expect(stepsOf(busy, signals(true, 9000), 9000 + 10_000)).toEqual(['settle-pause']);
  });

  it('cancels what is open when the sprint is cancelled', () => {
    const cancelled = sprint(event('sprint.cancelled', { reason: 'enough' }));
    const world = worldOf(...running, ...task(fixture.queued, claimed), ...cancelled);
    expect(stepsOf(world, signals(true, 9000), 9000)).toEqual(['cancel']);
  });
});
