import { describe, expect, it } from '@jest/globals';
import type { AgentId, AnyEvent, Oid, Sha256, Trouble } from '#contracts';
import { agent } from './agent.js';
import { wishOf, type CircuitLimits } from './circuit.js';
import { event } from './decider.js';
import { ada, claimed, queued } from './plan.fixture.js';
import { specify } from './specification.fixture.js';
import { worldOf, type Happened } from './world.fixture.js';

const MINUTE = 60_000;
const limits: CircuitLimits = { failures: 3, windowMs: 5 * MINUTE, openMs: MINUTE };
const agentId = 'links-1' as AgentId;
const registered = event('agent.registered', { agentId, kind: 'links', name: 'Links 1', role: 'Repairs links' });
const interrupted = (attempt: number, trouble?: Trouble) =>
  event('task.attempt-interrupted', { attempt, worker: ada, reason: 'x', ...(trouble && { trouble }) });
const collected = event('task.candidate-collected', {
  attempt: 1,
  tree: 'a'.repeat(40) as Oid,
  files: [],
  patch: 'b'.repeat(64) as Sha256,
});
const opened = (until: number) => event('agent.circuit-opened', { failures: 3, until });
const closed = event('agent.circuit-closed', {});

const begun = [['agent-links-1', registered] as const, ['task-t-1', queued] as const];
const attempts = (...ends: readonly (readonly AnyEvent[])[]) =>
  ends.flatMap((end, index) => [claimed(index + 1), ...end].map((one) => ['task-t-1', one] as const));
const circuitAfter = (...told: readonly Happened[]) => worldOf(...begun, ...told).circuits.get('links');
const wishAfter = (now: number, ...told: readonly Happened[]) =>
  wishOf(circuitAfter(...told) ?? { failures: [] }, now, limits);

const crashes = (times: number) =>
  attempts(...Array.from({ length: times }, (_, index) => [interrupted(index + 1, 'crashed')]));

describe('the circuit of an agent', () => {
  it('opens with the third failure within its window, for as long as it is told', () => {
    expect(wishAfter(9000, ...crashes(2))).toEqual({ type: 'closed' });
    expect(wishAfter(9000, ...crashes(3))).toMatchObject({ type: 'open', failures: 3, until: 9000 + MINUTE });
  });
  it('knows which failure led to it, until it closes', () => {
    const last = { because: { taskId: 't-1', trouble: 'crashed' }, at: 8000, eventId: 'task-t-1@7' };
    const told = [...crashes(3), ['agent-links-1', opened(10_000)] as const];
    expect([wishAfter(9000, ...crashes(3)), wishAfter(9000, ...told)]).toMatchObject([{ last }, { last }]);
    expect(circuitAfter(...told, ['agent-links-1', closed])).toEqual({ failures: [] });
    const stood = wishAfter(9000, ...crashes(2), ...attempts([stalled]));
    expect(stood).toMatchObject({ last: { because: { trouble: 'stalled' } } });
  });
  it('forgets failures that are too long ago', () => {
    // The first of them happened four seconds into the log.
    expect(wishAfter(5 * MINUTE + 3999, ...crashes(3)).type).toBe('open');
    expect(wishAfter(5 * MINUTE + 4000, ...crashes(3)).type).toBe('closed');
  });
  it('never opens where it is told not to', () =>
    expect(wishOf({ failures: [1, 2, 3, 4] }, 5, { ...limits, failures: 0 })).toEqual({ type: 'closed' }));
  it('counts the failures of all slots of a kind, for they are one program', () => {
    const second = event('agent.registered', { ...registered.data, agentId: 'links-2' as AgentId });
    const told = [
      ...crashes(2),
      ['agent-links-2', second] as const,
      ['task-t-1', claimed(3, 'links-2')] as const,
      ['task-t-1', interrupted(3, 'crashed')] as const,
    ];
    expect(wishAfter(20_000, ...told)).toMatchObject({ type: 'open', failures: 3 });
  });

  const stalled = event('task.stalled', { attempt: 1, silentMs: 1 });
  const failed = (kind: 'agent-failed' | 'no-change' | 'verification-failed' | 'scope-violated', trouble?: Trouble) =>
    event('task.failed', { attempt: 1, kind, reason: 'x', ...(trouble && { trouble }) });
  it.each<[string, number, readonly AnyEvent[]]>([
    ['broke off', 1, [interrupted(1, 'crashed')]],
    ['changed nothing', 1, [failed('no-change', 'no-change')]],
    ['went in circles', 1, [failed('agent-failed', 'looping')]],
    ['stood still, even if it moved again', 1, [stalled, event('task.progressed-again', { attempt: 1 })]],
    ['stood still and was stopped for it: once', 1, [stalled, interrupted(1, 'stalled')]],
    ['lost its worker', 0, [interrupted(1)]],
    ['gave up', 0, [failed('agent-failed')]],
    ['made what the verification refused', 0, [collected, failed('verification-failed')]],
    ['reached outside its scope', 0, [failed('scope-violated')]],
    ['was cancelled', 0, [event('task.cancelled', { reason: 'x' })]],
  ])('counts an agent that %s as %d failures', (_, count, events) =>
    expect(circuitAfter(...attempts(events))?.failures ?? []).toHaveLength(count),
  );
  it('does not hold a verification that stands still against the agent', () => {
    const verifying = event('task.verification-started', {
      attempt: 1,
      run: 1,
      tree: collected.data.tree,
      isolation: 'bwrap',
      weak: false,
    });
    expect(circuitAfter(...attempts([collected, verifying, stalled]))?.failures ?? []).toEqual([]);
  });

  describe('that was opened', () => {
    const open = [...crashes(3), ['agent-links-1', opened(10_000)] as const];
    it('stays so, then is half open until something was tried', () => {
      for (const now of [9000, 10_000, 99_000])
        expect(wishAfter(now, ...open)).toMatchObject({ type: 'open', until: 10_000 });
    });
    const tried = (end: AnyEvent) => [['task-t-1', claimed(4)] as const, ['task-t-1', end] as const];
    it('closes when the one try worked, and counts anew', () => {
      expect(wishAfter(12_000, ...open, ...tried(collected))).toEqual({ type: 'closed' });
      const again = [...open, ...tried(collected), ['agent-links-1', closed] as const];
      expect(wishAfter(15_000, ...again, ['task-t-1', interrupted(4, 'crashed')])).toEqual({ type: 'closed' });
    });
    it('opens again when the one try failed', () =>
      expect(wishAfter(12_000, ...open, ...tried(interrupted(4, 'looping')))).toMatchObject({
        type: 'open',
        failures: 1,
        until: 12_000 + MINUTE,
        last: { because: { trouble: 'looping' } },
      }));
    it('remembers what its one try came to when a slot that is new opens for the same time', () => {
      const late = ['agent-links-1', opened(10_000)] as const;
      expect(wishAfter(13_000, ...open, ...tried(collected), late)).toEqual({ type: 'closed' });
      const failed = wishAfter(13_000, ...open, ...tried(interrupted(4, 'crashed')), late);
      expect(failed).toMatchObject({ type: 'open', until: 13_000 + MINUTE });
    });
    it('is told nothing by what began before, or by a worker that was lost', () => {
      const early = [...crashes(3), ['agent-links-1', opened(99_000)] as const, ...tried(interrupted(4, 'crashed'))];
      expect(wishAfter(14_000, ...early)).toMatchObject({ until: 99_000 });
      expect(wishAfter(14_000, ...open, ...tried(interrupted(4)))).toMatchObject({ until: 10_000 });
    });
  });
});

describe('the log of an agent', () => {
  const { given } = specify(agent);
  const until = 99_000;
  const alert = { alertId: 'circuit-links-1', text: 'links failed 3 times.' };
  const raised = event('alert.raised', { ...alert, severity: 'warning', kind: 'agent-circuit-opened' });
  it('says that its circuit opens, with an alert, once', () => {
    const open = { type: 'open-circuit', failures: 3, until, alert } as const;
    expect(given(registered).when(open).events()).toEqual([opened(until), raised]);
    expect(given(registered, opened(until)).when(open).events()).toEqual([]);
    expect(given().when(open).refusal()).toBe('agent.unknown');
  });
  it('says that it closes, and takes the alert back with it', () => {
    const close = { type: 'close-circuit' } as const;
    const seen = event('alert.acknowledged', { alertId: alert.alertId });
    expect(given(registered, opened(until), raised).when(close).events()).toEqual([closed, seen]);
    expect(given(registered).when(close).events()).toEqual([]);
    expect(given(registered, opened(until), raised).when(close).state()).not.toHaveProperty('openUntil');
  });
  it('takes the alert before back when it opens again, so that no alert outlives the circuit', () => {
    const again = { alertId: 'circuit-links-2', text: 'links failed again.' };
    const open = { type: 'open-circuit', failures: 1, until: until + 1, alert: again } as const;
    expect(given(registered, opened(until), raised).when(open).events()).toMatchObject([
      { type: 'agent.circuit-opened' },
      { type: 'alert.acknowledged', data: { alertId: alert.alertId } },
      { type: 'alert.raised', data: again },
    ]);
    expect(given(registered, opened(until), raised).when(open).state()).toMatchObject({ alertId: again.alertId });
    const { alert: _none, ...silent } = open;
    expect(given(registered, opened(until), raised).when(silent).state()).toMatchObject({ alertId: alert.alertId });
  });
  it('says that it is gone, and takes its alert along; it comes back with its circuit as it was', () => {
    const leave = { type: 'deregister', reason: 'It is not configured any more.' } as const;
    const seen = event('alert.acknowledged', { alertId: alert.alertId });
    const gone = event('agent.deregistered', { reason: leave.reason });
    const begun = given(registered, opened(until), raised);
    expect(begun.when(leave).events()).toEqual([gone, seen]);
    expect(begun.when(leave).state()).not.toHaveProperty('alertId');
    expect(given(registered, opened(until), raised, gone, seen).when(leave).events()).toEqual([]);
    expect(given(registered, opened(until), raised, gone, seen, registered).state).toMatchObject({
      status: 'registered',
      openUntil: until,
    });
  });
  it('keeps an open circuit when the agent gets another role', () =>
    expect(given(registered, opened(until), registered).state).toMatchObject({
      status: 'registered',
      openUntil: until,
    }));
});
