import { describe, expect, it } from '@jest/globals';
import type { AnyEvent, TaskId } from '#contracts';
import { event } from '#domain';
import * as fixture from '../../libs/domain/src/plan.fixture.js';
import { worldOf, type Happened } from '../../libs/domain/src/world.fixture.js';
import { limits } from './limits.fixture.js';
import { next, type Signals } from './next.js';

const signals: Signals = { alive: () => true, lastProgress: () => undefined, awakeSince: 0 };

const sprint = (...events: readonly AnyEvent[]): Happened[] => events.map((one) => ['sprint-s-1', one]);
const task = (id: string, ...events: readonly AnyEvent[]): Happened[] => events.map((one) => [`task-${id}`, one]);
const queued = (id: string) => event('task.queued', { ...fixture.queued.data, task: fixture.plannedTask(id) });
const claimed = fixture.claimed();
const question = { questionId: 'q', text: 'Which?', options: [] };
const asked = event('task.blocked', { attempt: 1, kind: 'question', reason: 'Which?', question });
const stuck = event('task.blocked', { attempt: 1, kind: 'publishing', reason: 'A branch is in the way.' });
const held = event('task.held', { attempt: 1 });
const verifying = event('task.verification-started', {
  attempt: 1,
  run: 1,
  tree: fixture.publishDecided.data.tree,
  isolation: 'bwrap',
  weak: false,
});
const pausing = event('sprint.pausing', { reason: 'lunch' });
const paused = event('sprint.paused', { reason: 'lunch' });
const resumed = event('sprint.resumed', {});
const cancelled = event('sprint.cancelled', { reason: 'enough' });
const approved = [fixture.requested, fixture.analysisClaimed, fixture.proposed, fixture.approved];
const running = sprint(...fixture.running);

/** What is done a second after the last event, and how long it is slept otherwise. */
const after = (...told: readonly Happened[]) => {
  const now = (told.length + 1) * 1000;
  const { steps, wakeAt } = next(worldOf(...told), signals, now, limits);
  const done = steps.map((step) => (step.kind === 'complete' ? 'complete' : step.command.type));
  return { steps: done, ...(wakeAt === undefined ? {} : { wakesInMs: wakeAt - now }) };
};
const settles = { steps: ['settle-pause'] };
/** The grace has begun with the last but so many events. */
const waits = (events = 0) => ({ steps: [], wakesInMs: Math.min(5000, 10_000 - (events + 1) * 1000) });

describe('a pause', () => {
  it.each<[string, readonly Happened[], object]>([
    ['nothing is at work', task('t-1', queued('t-1')), settles],
    ['an agent is at work', task('t-1', queued('t-1'), claimed), waits()],
    ['a verification is at work', task('t-1', queued('t-1'), claimed, verifying), waits()],
    [
      'the only one at work asks',
      task('t-1', queued('t-1'), claimed, asked),
      { steps: ['settle-pause'], wakesInMs: 5000 },
    ],
    ['a branch cannot be made', task('t-1', queued('t-1'), claimed, fixture.publishDecided, stuck), settles],
    [
      'a branch is being made',
      task('t-1', queued('t-1'), claimed, fixture.publishDecided),
      { steps: ['settle-pause'], wakesInMs: 5000 },
    ],
    [
      'one asks and another one works',
      [...task('t-1', queued('t-1'), claimed, asked), ...task('t-2', queued('t-2'), claimed)],
      waits(),
    ],
  ])('while %s', (_, told, expected) => expect(after(...running, ...told, ...sprint(pausing))).toEqual(expected));

  const working = [...running, ...task('t-1', queued('t-1'), claimed), ...sprint(pausing)];
  it('is settled as soon as all that was at work stands still, and not before', () => {
    expect(after(...working, ...task('t-1', held)).steps).toEqual(['settle-pause']);
    const both = [
      ...running,
      ...task('t-1', queued('t-1'), claimed),
      ...task('t-2', queued('t-2'), claimed),
      ...sprint(pausing),
    ];
    expect(after(...both, ...task('t-2', held))).toEqual(waits(1));
    expect(after(...both, ...task('t-2', held), ...task('t-1', held)).steps).toEqual(['settle-pause']);
    expect(after(...both, ...task('t-2', held), ...task('t-1', asked)).steps).toEqual(['settle-pause']);
  });
  it('is settled at the end of the grace, whatever still works', () => {
    const passing = Array.from({ length: 9 }, (): Happened => [
      'system',
      event('alert.acknowledged', { alertId: 'x' }),
    ]);
    expect(after(...working, ...passing).steps).toEqual(['settle-pause']);
  });
  it('does not take what stood still for an earlier pause for standing still now', () => {
    const again = [...working, ...task('t-1', held), ...sprint(paused, resumed, pausing)];
    expect(after(...again)).toEqual(waits());
    expect(after(...again, ...task('t-1', held)).steps).toEqual(['settle-pause']);
  });
  it('of a base that is being verified waits for that', () => {
    const verified = event('sprint.base-verification-claimed', { worker: fixture.ada, attempt: 1 });
    expect(after(...sprint(...approved, verified, pausing))).toEqual(waits());
    expect(after(...sprint(...approved, verified, pausing, fixture.baseVerified('passed'))).steps).toEqual([
      'settle-pause',
    ]);
  });
  it('is over with a resume, before and after it is settled, also where that comes twice', () => {
    for (const [index, told] of [[resumed], [paused, resumed], [paused, resumed, resumed]].entries())
      expect([index, after(...working, ...sprint(...told)).steps]).toEqual([index, []]);
  });
  it.each<[string, readonly AnyEvent[]]>([
    ['while it begins', []],
    ['when it is settled', [paused]],
    ['after it was resumed', [paused, resumed]],
  ])('lets a cancel through %s, also of what asks, and never of what was decided to be published', (_, told) => {
    const three = [
      ...running,
      ...task('t-1', queued('t-1'), claimed, asked),
      ...task('t-2', queued('t-2'), claimed, fixture.publishDecided),
      ...sprint(pausing, ...told, cancelled),
    ];
    expect(after(...three)).toEqual({ steps: ['cancel'], wakesInMs: 5000 });
  });
  it('lets neither a stall nor the time for an answer run', () => {
    const still = sprint(pausing, paused);
    const silent = worldOf(
      ...running,
      ...task('t-1', queued('t-1'), claimed),
      ...task('t-2', queued('t-2'), claimed, asked),
      ...still,
    );
    const { steps } = next(silent, signals, 1_000_000_000, limits);
    expect(steps).toEqual([]);
  });
  it('once over, gives a silent agent its whole time anew', () => {
    const told = [...working, ...sprint(paused, resumed)];
    const world = worldOf(...told);
    const since = told.length * 1000;
    expect(next(world, signals, since + limits.stalledMs - 1, limits).steps).toEqual([]);
    expect(next(world, signals, since + limits.stalledMs, limits).steps).toMatchObject([
      { taskId: 't-1' as TaskId, command: { type: 'mark-stalled' } },
    ]);
  });
});
