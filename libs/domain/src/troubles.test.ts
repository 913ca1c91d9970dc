import { describe, expect, it } from '@jest/globals';
import type { Troubles } from '#contracts';
import { event } from './decider.js';
import { ada, claimed, passable, queued } from './plan.fixture.js';
import { specify } from './specification.fixture.js';
import { agentOf, task, type Known } from './task.js';
import type { Circuits } from './circuit.js';
import { backoffMs, nextAgentOf, policyFor } from './troubles.js';

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

describe('a task that another agent takes over', () => {
  const to = (kind: string) => ({ to: kind, trouble: 'looping', by: 'policy' }) as const;
  const interrupt = { type: 'interrupt', attempt: 1, reason: 'x', trouble: 'looping', handover: to('coder') } as const;
  const reassigned = event('task.reassigned', { attempt: 1, from: 'links', ...to('coder'), reason: 'x' });
  const begun = given(passable, claimed(1));
  const passedOn = given(passable, claimed(1), interrupted(1), reassigned);
  const nowOf = ({ state }: { readonly state: typeof task.initial }) => state as Known;

  it('says from whom, to whom, why and by whose choice, in one append with the end of the attempt', () => {
    expect(begun.when(interrupt).events()).toEqual([
      event('task.attempt-interrupted', { attempt: 1, worker: ada, reason: 'x', trouble: 'looping' }),
      reassigned,
    ]);
    expect(begun.when(interrupt).state()).toMatchObject({
      status: 'queued',
      attempts: 1,
      reassigned: [{ to: 'coder' }],
    });
    expect(begun.when(interrupt).state()).not.toHaveProperty('retryAt');
  });
  it('is done by exactly what was approved: another version, and what the plan gives it', () => {
    expect(agentOf(nowOf(begun))).toEqual({ kind: 'links', digest: 'links@1' });
    expect(agentOf(nowOf(passedOn))).toMatchObject({ kind: 'coder', digest: 'coder@1', planned: { adapter: 'acp' } });
  });
  it.each(['links', 'stranger', 'coder'])('never goes to one that was not approved, or had it before: %s', (kind) => {
    const again = given(passable, claimed(1), interrupted(1), reassigned, claimed(2, 'coder-1'));
    expect(again.when({ ...interrupt, attempt: 2, handover: to(kind) }).refusal()).toBe('task.agent-not-approved');
    expect(again.when({ ...interrupt, attempt: 2, handover: to('poet') }).refusal()).toBeUndefined();
    expect(given(queued, claimed(1)).when(interrupt).refusal()).toBe('task.agent-not-approved');
  });
  it('goes on before anybody was at it, where its agent cannot be asked, and once only', () => {
    const command = { type: 'reassign', from: 'links', reason: 'x', handover: to('coder') } as const;
    expect(given(passable).when(command).events()).toEqual([
      { ...reassigned, data: { ...reassigned.data, attempt: 0 } },
    ]);
    expect(passedOn.when(command).events()).toEqual([]);
    expect(begun.when(command).events()).toEqual([]);
  });
  it('goes to one that gets work now before one that does not, and to none where it may not be tried again', () => {
    const open: Circuits = new Map([['coder', { failures: [], openUntil: 1 }]]);
    expect(nextAgentOf(nowOf(begun), new Map())).toBe('coder');
    expect(nextAgentOf(nowOf(begun), open)).toBe('poet');
    expect(nextAgentOf(nowOf(begun), new Map([...open, ['poet', { failures: [], openUntil: 1 }]]))).toBe('coder');
    expect(nextAgentOf(nowOf(passedOn), open)).toBe('poet');
    expect(nextAgentOf(nowOf(given(queued)), new Map())).toBeUndefined();
    expect(nextAgentOf(nowOf(given(passable, claimed(3))), new Map())).toBeUndefined();
  });
});

describe('a trouble', () => {
  it('leads to what the plan says, or to the usual', () => {
    const troubles: Troubles = { crashed: 'retry', 'no-change': 'ask', stalled: 'give-up', looping: 'retry' };
    expect([policyFor('crashed', troubles), policyFor('crashed'), policyFor('looping')]).toEqual([
      'retry',
      'give-up',
      'ask',
    ]);
    // A plan of an earlier version says nothing about this one.
    expect(policyFor('unavailable', troubles)).toBe('retry');
  });
});
