import { describe, expect, it } from '@jest/globals';
import type { AgentId, Epoch, Oid } from '#contracts';
import { event } from './decider.js';
import { ada, bob, publishDecided, queued } from './plan.fixture.js';
import { specify } from './specification.fixture.js';
import { task } from './task.js';

const { given } = specify(task);
const agentId = 'links-1' as AgentId;
const claimedBy = (worker: typeof ada, attempt = 1, epoch = 1) =>
  event('task.claimed', { worker, agentId, attempt, epoch: epoch as Epoch });
const interrupted = (attempt = 1) => event('task.attempt-interrupted', { attempt, worker: ada, reason: 'lease ended' });
const claim = (worker: typeof ada) => ({ type: 'claim', worker, agentId }) as const;

describe('a queued task', () => {
  it('is claimed once', () => {
    expect(given(queued).when(claim(ada)).events()).toEqual([claimedBy(ada)]);
    expect(given(queued, claimedBy(ada)).when(claim(bob)).refusal()).toBe('job.taken');
  });
});

describe('a task that was taken over', () => {
  it('gives every claim a higher epoch', () =>
    expect(given(queued, claimedBy(ada), interrupted()).when(claim(bob)).events()).toEqual([claimedBy(bob, 2, 3)]));
  it('is not claimed again when its attempts are used up', () => {
    const all = [
      queued,
      claimedBy(ada, 1, 1),
      interrupted(1),
      claimedBy(ada, 2, 3),
      interrupted(2),
      claimedBy(ada, 3, 5),
      interrupted(3),
    ];
    expect(
      given(...all)
        .when(claim(bob))
        .refusal(),
    ).toBe('task.attempts-exhausted');
    expect(
      given(...all.slice(0, 5))
        .when(claim(bob))
        .refusal(),
    ).toBeUndefined();
  });
});

describe('an interruption', () => {
  const second = given(queued, claimedBy(ada), interrupted(), claimedBy(bob, 2, 3));
  it('that comes late does not hit the attempt after', () =>
    expect(second.when({ type: 'interrupt', attempt: 1, reason: 'lease ended' }).events()).toEqual([]));
  it('ends the attempt that it is meant for', () =>
    expect(second.when({ type: 'interrupt', attempt: 2, reason: 'lease ended' }).state().status).toBe('queued'));
});

describe('a task at work', () => {
  it('is stalled once, with an alert, and comes back', () => {
    const stall = { type: 'mark-stalled', silentMs: 300_000, alertId: 'a' } as const;
    const stalled = given(queued, claimedBy(ada)).when(stall).events();
    expect(stalled.map((one) => one.type)).toEqual(['task.stalled', 'alert.raised']);
    expect(
      given(queued, claimedBy(ada), ...stalled)
        .when(stall)
        .events(),
    ).toEqual([]);
    expect(
      given(queued, claimedBy(ada), ...stalled)
        .when({ type: 'mark-progressed' })
        .events(),
    ).toHaveLength(1);
    expect(given(queued, claimedBy(ada)).when({ type: 'mark-progressed' }).events()).toEqual([]);
  });
  it('is published only by the worker that holds it', () => {
    const state = given(queued, claimedBy(ada));
    expect(state.when({ type: 'decide-publish', worker: ada, decided: publishDecided.data }).events()).toEqual([
      publishDecided,
    ]);
    expect(state.when({ type: 'decide-publish', worker: bob, decided: publishDecided.data }).refusal()).toBe(
      'task.lost',
    );
  });
  it('can be cancelled', () =>
    expect(given(queued, claimedBy(ada)).when({ type: 'cancel', reason: 'no' }).state().status).toBe('cancelled'));
});

describe('a task that was decided to be published', () => {
  const publishing = [queued, claimedBy(ada), publishDecided] as const;
  it('cannot be cancelled or discarded any more', () => {
    expect(
      given(...publishing)
        .when({ type: 'cancel', reason: 'no' })
        .refusal(),
    ).toBe('task.publishing');
    expect(
      given(...publishing)
        .when({ type: 'discard', reason: 'no' })
        .refusal(),
    ).toBe('task.publishing');
  });
  it('is carried on by another worker, however many attempts there were', () => {
    const state = given(...publishing, interrupted()).state;
    expect(state.status === 'publishing' && state.holder).toBeUndefined();
    expect(
      given(...publishing, interrupted())
        .when(claim(bob))
        .state(),
    ).toMatchObject({
      status: 'publishing',
      holder: { worker: bob },
    });
  });
  it('that is blocked can be discarded by a person', () => {
    const blocked = event('task.blocked', { attempt: 1, kind: 'publishing', reason: 'foreign branch' });
    expect(given(...publishing, blocked).state.status).toBe('blocked');
    expect(
      given(...publishing, blocked)
        .when({ type: 'discard', reason: 'mine' })
        .state().status,
    ).toBe('discarded');
  });
});

describe('a settled task', () => {
  it('is not reopened', () => {
    const passed = event('task.passed', { branch: 'hyper-run/t-1', commit: 'b'.repeat(40) as Oid });
    const all = [queued, claimedBy(ada), publishDecided, passed] as const;
    expect(
      given(...all)
        .when(claim(bob))
        .refusal(),
    ).toBe('task.settled');
    expect(
      given(...all)
        .when({ type: 'interrupt', attempt: 1, reason: 'late' })
        .events(),
    ).toEqual([]);
  });
});
