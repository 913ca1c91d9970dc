import { describe, expect, it } from '@jest/globals';
import type { Troubles } from '#contracts';
import { event } from './decider.js';
import { ada, claimed, queued } from './plan.fixture.js';
import { specify } from './specification.fixture.js';
import { task } from './task.js';
import { backoffMs, policyFor } from './troubles.js';

const { given } = specify(task);
const interrupted = (attempt: number) => event('task.attempt-interrupted', { attempt, worker: ada, reason: 'x' });

describe('a task whose attempt broke off', () => {
  it('is left alone for longer each time, and never for longer than a minute', () =>
    expect([1, 2, 3, 4, 5, 1000].map(backoffMs)).toEqual([2000, 8000, 32_000, 60_000, 60_000, 60_000]));

  const interrupt = { type: 'interrupt', attempt: 2, reason: 'x', trouble: 'crashed', rests: true } as const;
  it('says how long with the event, and so knows until when, by the clock of the log', () => {
    const second = given(queued, claimed(1), interrupted(1), claimed(2));
    expect(second.when(interrupt).events()).toEqual([
      event('task.attempt-interrupted', {
        attempt: 2,
        worker: ada,
        reason: 'x',
        trouble: 'crashed',
        retryAfterMs: 8000,
      }),
    ]);
    expect(second.when(interrupt).state()).toMatchObject({ status: 'queued', retryAt: 5000 + 8000 });
  });
  it('is taken up at once where only its worker was lost', () => {
    const lost = { type: 'interrupt', attempt: 1, reason: 'lost' } as const;
    expect(given(queued, claimed(1)).when(lost).events()).toEqual([
      event('task.attempt-interrupted', { attempt: 1, worker: ada, reason: 'lost' }),
    ]);
    expect(given(queued, claimed(1), interrupted(1)).state).not.toHaveProperty('retryAt');
  });
  it('forgets it with the next attempt', () =>
    expect(
      given(queued, claimed(1), { ...interrupted(1), data: { ...interrupted(1).data, retryAfterMs: 1 } }, claimed(2))
        .state,
    ).not.toHaveProperty('retryAt'));
});

describe('a trouble', () => {
  it('leads to what the plan says, or to the usual', () => {
    const troubles: Troubles = { crashed: 'retry', 'no-change': 'ask', stalled: 'give-up', looping: 'retry' };
    expect([policyFor('crashed', troubles), policyFor('crashed'), policyFor('looping')]).toEqual([
      'retry',
      'give-up',
      'ask',
    ]);
  });
});
