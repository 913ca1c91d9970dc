import { describe, expect, it } from '@jest/globals';
import type { AgentId, AnyEvent, Epoch, Oid, Sha256 } from '#contracts';
import { limitsOf, sumOf, usedOf, type Account, type Pause } from './account.js';
import { event, fold } from './decider.js';
import { ada, queued } from './plan.fixture.js';
import { told } from './specification.fixture.js';
import { task } from './task.js';

const by = { attempt: 1, origin: 'observed' } as const;
const claimed = (attempt = 1) =>
  event('task.claimed', { worker: ada, agentId: 'links-1' as AgentId, attempt, epoch: attempt as Epoch });
const read = event('action.file-read', { ...by, path: 'a.md', bytes: 1 });
const asked = event('task.blocked', { attempt: 1, kind: 'question', reason: 'asks' });
const answered = event('task.answered', { attempt: 1, kind: 'question', text: 'yes', timedOut: false });
const interrupted = event('task.attempt-interrupted', { attempt: 1, worker: ada, reason: 'lost' });
const modelCall = (inputTokens: number, cost: number) =>
  event('action.model-call-finished', { ...by, callId: 'm', inputTokens, outputTokens: 10, cost, durationMs: 1 });
const collected = event('task.candidate-collected', {
  attempt: 1,
  tree: 'a'.repeat(40) as Oid,
  files: [],
  patch: 'b'.repeat(64) as Sha256,
});

/** Events one second apart, the first at second 1. */
const accountOf = (...events: readonly AnyEvent[]): Account => {
  const state = fold(task, told([queued, ...events]));
  if (!('account' in state)) throw new Error('It has no account.');
  return state.account;
};
const seconds = (account: Account, pauses: readonly Pause[] = [], now?: number) =>
  usedOf(account, pauses, now).wallSeconds;

describe('what a task has used', () => {
  it('is one call for a command with its end, one for a refusal, and none for a model call', () => {
    const command = event('action.command-started', { ...by, callId: 'c', command: 'ls' });
    const ended = event('action.command-finished', {
      ...by,
      callId: 'c',
      exitCode: 0,
      durationMs: 1,
      output: { tail: '', bytes: 0 },
    });
    const own = (status: 'started' | 'finished') =>
      event('action.tool-called', { ...by, callId: 't', tool: 'grep', summary: '', status });
    const refused = event('task.tool-refused', { attempt: 1, tool: 'write', code: 'x', reason: 'y', count: 1 });
    const account = accountOf(
      claimed(),
      read,
      command,
      ended,
      own('started'),
      own('finished'),
      refused,
      modelCall(1, 0),
    );
    expect(account.toolCalls).toBe(4);
  });
  it('is all tokens and all cost, of earlier attempts too', () => {
    const account = accountOf(claimed(), modelCall(90, 0.5), interrupted, claimed(2), modelCall(190, 0.25));
    expect(account).toMatchObject({ tokens: 300, cost: 0.75 });
  });
  it('counts what ends during a block', () =>
    expect(accountOf(claimed(), asked, modelCall(90, 0.5))).toMatchObject({ tokens: 100, cost: 0.5 }));
  it('sums up over tasks', () => {
    const one = usedOf(accountOf(claimed(), read, modelCall(90, 0.5)), []);
    expect(sumOf([one, one])).toEqual({ wallSeconds: 4, toolCalls: 2, tokens: 200, cost: 1 });
  });
});

describe('the time that a task has used', () => {
  it('runs while an agent is at it, and not while a person is waited for or while it is verified', () => {
    expect(seconds(accountOf(claimed(), read, read, asked))).toBe(3);
    expect(seconds(accountOf(claimed(), read, read, asked, read, read, answered, read))).toBe(4);
    expect(seconds(accountOf(claimed(), read, collected, read, read))).toBe(2);
  });
  it('ends with the last sign of a worker that was lost', () => {
    const late = told([interrupted], 3).map((one) => ({ ...one, time: 900_000 }));
    const state = fold(task, [...told([queued, claimed(), read]), ...late]);
    expect('account' in state && seconds(state.account)).toBe(1);
  });
  it('stands still in a pause', () => {
    const account = accountOf(claimed(), read, read, read, read);
    expect(seconds(account)).toBe(4);
    expect(seconds(account, [{ from: 3000, until: 5000 }])).toBe(2);
    expect(seconds(account, [{ from: 5000 }])).toBe(3);
    expect(seconds(account, [{ from: 100_000, until: 200_000 }])).toBe(4);
  });
  it('goes on until now while it is at work', () => {
    expect(seconds(accountOf(claimed(), read), [], 10_000)).toBe(8);
    expect(seconds(accountOf(claimed(), read, asked), [], 10_000)).toBe(2);
  });
});

describe('what a task may use', () => {
  const budgets = { wallSeconds: 60, toolCalls: 10, attempts: 3, sprint: { cost: 2 } };
  it('is what was approved and what was granted since, for the task or for all', () => {
    const granted = [
      { budget: 'toolCalls', of: 'task', amount: 5 },
      { budget: 'toolCalls', of: 'task', amount: 1 },
      { budget: 'cost', of: 'sprint', amount: 0.5 },
    ] as const;
    expect(limitsOf(budgets, 'task', granted)).toEqual({ wallSeconds: 60, toolCalls: 16 });
    expect(limitsOf(budgets, 'sprint', granted)).toEqual({ cost: 2.5 });
    expect(limitsOf({ ...budgets, sprint: undefined }, 'sprint', granted)).toEqual({});
  });
});
