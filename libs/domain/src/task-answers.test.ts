import { describe, expect, it } from '@jest/globals';
import type { AgentId, AnyEvent, Epoch, EventData } from '#contracts';
import { event } from './decider.js';
import { ada, bob, publishDecided, queued } from './plan.fixture.js';
import { specify } from './specification.fixture.js';
import { task, type BlockAnswer } from './task.js';

const { given } = specify(task);
const agentId = 'links-1' as AgentId;
const claimedBy = (worker: typeof ada, attempt = 1, epoch = 1) =>
  event('task.claimed', { worker, agentId, attempt, epoch: epoch as Epoch });
const interrupted = event('task.attempt-interrupted', { attempt: 1, worker: ada, reason: 'lease ended' });
const asks = (questionId: string, ...options: readonly string[]) => {
  const question = { questionId, text: 'Which?', options: options.map((id) => ({ id, label: `The ${id}` })) };
  return event('task.blocked', { attempt: 1, kind: 'question', reason: 'The agent asks: Which?', question });
};
const calls = (spent: Partial<NonNullable<EventData<'task.blocked'>['spent']>> = {}) =>
  event('task.blocked', {
    attempt: 1,
    kind: 'budget',
    reason: '100 of 100',
    spent: { budget: 'toolCalls', of: 'task', limit: 100, used: 100, ...spent },
  });
const alert = event('alert.raised', { alertId: 'a-1', severity: 'warning', kind: 'task-question', text: 'Which?' });
const answered = (more: Partial<EventData<'task.answered'>> = {}) =>
  event('task.answered', { attempt: 1, kind: 'question', questionId: 'q-1', text: '', timedOut: false, ...more });
const working = [queued, claimedBy(ada)] as const;

const answering = (events: readonly AnyEvent[], answer: BlockAnswer) =>
  given(...events).when({ type: 'answer', answer });

describe('a question without options', () => {
  const asked = [...working, asks('q-1')];
  it('is answered with words, and the same attempt goes on', () => {
    const answer = answering(asked, { questionId: 'q-1', text: 'The left one.' });
    expect(answer.events()).toEqual([answered({ text: 'The left one.' })]);
    expect(answer.state()).toMatchObject({ status: 'working', worker: ada, attempt: 1, epoch: 1, stage: 'agent' });
    expect(answer.state()).toMatchObject({ answers: [{ question: 'Which?', text: 'The left one.', attempt: 1 }] });
  });
  it('may be meant without being named', () => expect(answering(asked, { text: 'Left.' }).events()).toHaveLength(1));
  it.each<[string, BlockAnswer, string]>([
    ['no words', {}, 'task.answer-unfit'],
    ['blanks', { text: '  ' }, 'task.answer-unfit'],
    ['an option', { choice: 'left', text: 'x' }, 'task.answer-unfit'],
    ['a grant', { text: 'x', grant: 5 }, 'task.answer-unfit'],
    ['an answer to another question', { questionId: 'q-0', text: 'x' }, 'task.answer-stale'],
  ])('is not answered by %s', (_, answer, code) => expect(answering(asked, answer).refusal()).toBe(code));
});

describe('a question with options', () => {
  const asked = [...working, asks('q-1', 'left', 'right')];
  it('is answered with one of them, and words if there are any', () =>
    expect(answering(asked, { choice: 'left', text: 'Nearer.' }).events()).toEqual([
      answered({ choice: 'left', text: 'Nearer.' }),
    ]));
  it('is not answered with another one, nor with words alone', () => {
    expect(answering(asked, { choice: 'up' }).refusal()).toBe('task.answer-unfit');
    expect(answering(asked, { text: 'Left.' }).refusal()).toBe('task.answer-unfit');
  });
});

describe('a question that is over', () => {
  it('is not answered twice', () => {
    const over = [...working, asks('q-1'), answered({ text: 'Left.' })];
    expect(answering(over, { questionId: 'q-1', text: 'Right.' }).refusal()).toBe('task.not-blocked');
  });
  it('is not answered in place of the one that came after', () => {
    const next = [...working, asks('q-1'), answered({ text: 'Left.' }), asks('q-2')];
    expect(answering(next, { questionId: 'q-1', text: 'Right.' }).refusal()).toBe('task.answer-stale');
    expect(answering(next, { questionId: 'q-2', text: 'Right.' }).refusal()).toBeUndefined();
  });
  it('takes what called for a person with it', () =>
    expect(answering([...working, asks('q-1'), alert], { text: 'Left.' }).events()).toEqual([
      answered({ text: 'Left.' }),
      event('alert.acknowledged', { alertId: 'a-1' }),
    ]));
});

describe('a question whose worker was lost', () => {
  const lost = [...working, asks('q-1'), interrupted] as const;
  it('stays open, and its task is claimed by nobody', () => {
    expect(given(...lost).state).toMatchObject({ status: 'blocked', epoch: 2, question: { questionId: 'q-1' } });
    expect(
      given(...lost)
        .when({ type: 'claim', worker: bob, agentId })
        .refusal(),
    ).toBe('job.taken');
  });
  it('is answered for the next attempt, which does not count', () => {
    const after = answering(lost, { text: 'Left.' }).state();
    expect(after).toMatchObject({ status: 'queued', answers: [{ text: 'Left.' }], attempts: 1, excused: 1 });
    const again = given(...lost, answered({ text: 'Left.' })).when({ type: 'claim', worker: bob, agentId });
    expect(again.events()).toEqual([claimedBy(bob, 2, 3)]);
    expect(again.state()).toMatchObject({ status: 'working', answers: [{ question: 'Which?' }] });
  });
  it('leaves as many attempts as the plan gave', () => {
    const twice = [
      claimedBy(bob, 2, 3),
      event('task.attempt-interrupted', { attempt: 2, worker: bob, reason: 'lost' }),
      claimedBy(bob, 3, 5),
      event('task.attempt-interrupted', { attempt: 3, worker: bob, reason: 'lost' }),
    ];
    const counted = [...lost, answered(), ...twice];
    const claim = { type: 'claim', worker: ada, agentId } as const;
    expect(
      given(...counted)
        .when(claim)
        .refusal(),
    ).toBeUndefined();
    const fourth = event('task.attempt-interrupted', { attempt: 4, worker: ada, reason: 'lost' });
    expect(
      given(...counted, claimedBy(ada, 4, 7), fourth)
        .when(claim)
        .refusal(),
    ).toBe('task.attempts-exhausted');
  });
});

describe('a budget that is used up', () => {
  const spent = [...working, calls()];
  const granted = { budget: 'toolCalls', of: 'task', amount: 50 } as const;
  it('is raised by a grant', () => {
    const answer = answering(spent, { grant: 50 });
    expect(answer.events()).toEqual([
      event('task.answered', { attempt: 1, kind: 'budget', text: '', granted, timedOut: false }),
    ]);
    expect(answer.state()).toMatchObject({ status: 'working', account: { granted: [granted] } });
  });
  it.each<[string, BlockAnswer, string]>([
    ['nothing', {}, 'task.answer-unfit'],
    ['less than nothing', { grant: -1 }, 'task.answer-unfit'],
    ['half a call', { grant: 0.5 }, 'task.answer-unfit'],
    ['an option', { grant: 1, choice: 'x' }, 'task.answer-unfit'],
    ['an answer to a question', { grant: 1, questionId: 'q-1' }, 'task.answer-stale'],
  ])('is not raised by %s', (_, answer, code) => expect(answering(spent, answer).refusal()).toBe(code));
  it('is raised by more than it was overdrawn', () => {
    const overdrawn = [...working, calls({ budget: 'tokens', limit: 1000, used: 1500 })];
    expect(answering(overdrawn, { grant: 500 }).refusal()).toBe('task.answer-unfit');
    expect(answering(overdrawn, { grant: 501 }).refusal()).toBeUndefined();
  });
  it('may be raised by a part of a dollar', () => {
    const costly = [...working, calls({ budget: 'cost', limit: 1, used: 1.02 })];
    expect(answering(costly, { grant: 0.25 }).refusal()).toBeUndefined();
  });
  it('ends by discarding the task as well', () =>
    expect(
      given(...spent, alert)
        .when({ type: 'discard', reason: 'Too dear.' })
        .events()
        .map(({ type }) => type),
    ).toEqual(['task.discarded', 'alert.acknowledged']));
});

describe('a branch that could not be made', () => {
  const stuck = [
    ...working,
    publishDecided,
    event('task.blocked', { attempt: 1, kind: 'publishing', reason: 'foreign' }),
  ];
  it('is tried again by anybody when a person says so', () => {
    const answer = answering(stuck, { text: 'Renamed mine.' });
    expect(answer.state()).toMatchObject({ status: 'publishing', decided: publishDecided.data });
    const again = given(...stuck, answered({ kind: 'publishing' })).when({ type: 'claim', worker: bob, agentId });
    expect(again.refusal()).toBeUndefined();
  });
  it('is no question of choice or of budgets', () => {
    expect(answering(stuck, { choice: 'yes' }).refusal()).toBe('task.answer-unfit');
    expect(answering(stuck, { grant: 1 }).refusal()).toBe('task.answer-unfit');
  });
});

describe('a block that nobody ended', () => {
  const asked = [...working, asks('q-1'), alert];
  const { state } = given(...asked);
  const since = state.status === 'blocked' ? state.since : 0;
  it('is over, and the agent goes on by itself', () => {
    const late = given(...asked).when({ type: 'go-on', since });
    expect(late.events()).toEqual([answered({ timedOut: true })]);
    expect(late.state()).toMatchObject({ status: 'working', worker: ada, answers: [{ timedOut: true }] });
  });
  it('fails its task where the policy says so', () =>
    expect(
      given(...asked)
        .when({ type: 'give-up', since, reason: 'Nobody answered.' })
        .state(),
    ).toMatchObject({ status: 'failed', kind: 'unanswered' }));
  it('is not mistaken for one that came after, nor for one that is over', () => {
    const later = given(...asked, answered({ text: 'Left.' }), asks('q-2'));
    expect(later.when({ type: 'go-on', since }).events()).toEqual([]);
    expect(later.when({ type: 'give-up', since, reason: 'x' }).events()).toEqual([]);
    const cancelled = given(...asked, event('task.cancelled', { reason: 'no' }));
    expect(cancelled.when({ type: 'go-on', since }).events()).toEqual([]);
  });
  it('ends when more was granted to the whole sprint elsewhere', () => {
    const all = [...working, calls({ of: 'sprint' }), alert];
    const { state: waiting } = given(...all);
    const released = given(...all).when({ type: 'release', since: waiting.status === 'blocked' ? waiting.since : 0 });
    expect(released.events().map(({ type }) => type)).toEqual(['task.answered', 'alert.acknowledged']);
    expect(released.state()).toMatchObject({ status: 'working', account: { granted: [] } });
  });
});

describe('a blocked task', () => {
  const asked = [...working, asks('q-1')];
  it('can be cancelled, which fences its worker off', () =>
    expect(
      given(...asked)
        .when({ type: 'cancel', reason: 'no' })
        .state(),
    ).toMatchObject({ status: 'cancelled', epoch: 2 }));
  it('is not stalled', () =>
    expect(
      given(...asked)
        .when({ type: 'mark-stalled', silentMs: 300_000, alertId: 'a' })
        .events(),
    ).toEqual([]));
});
