// How a block ends: by a person, or because nobody came.
import { HyperRunError, type Instant } from '#contracts';
import { event } from './decider.js';
import type { Blocked, OpenTask, TaskEvent } from './task-state.js';

/** What a person says to a task that waits for one. */
export interface BlockAnswer {
  /** Which question was read; another one, or one that is over, is not answered by this. Left out: the open one. */
  readonly questionId?: string;
  /** Id of one of the options. */
  readonly choice?: string;
  readonly text?: string;
  /** How much more may be used of the budget that is used up. */
  readonly grant?: number;
}

/** What the orchestrator decides about a block that began at `since`: about a later one it says nothing. */
export type UnansweredCommand =
  /** The agent is to decide for itself. */
  | { readonly type: 'go-on'; readonly since: Instant }
  | { readonly type: 'give-up'; readonly since: Instant; readonly reason: string }
  /** More was granted to the whole sprint, in another of its tasks. */
  | { readonly type: 'release'; readonly since: Instant };

const unfit = (message: string): never => {
  throw new HyperRunError('task.answer-unfit', message);
};

export const decideAnswer = (answer: BlockAnswer, state: OpenTask): TaskEvent[] => {
  if (state.status !== 'blocked')
    throw new HyperRunError(
      'task.not-blocked',
      `Nobody is asked here any more: the task is ${state.status}. Read it again.`,
      { status: state.status },
    );
  const open = state.question?.questionId;
  if (answer.questionId !== undefined && answer.questionId !== open)
    throw new HyperRunError(
      'task.answer-stale',
      `questionId: "${answer.questionId}" is not what is asked now${open === undefined ? '' : `; that is "${open}"`}. Read the task again.`,
      { expected: open, found: answer.questionId },
    );
  const given = { question: answerQuestion, budget: grantMore, publishing: publishAgain }[state.kind](answer, state);
  return [event('task.answered', { ...endOf(state), text: answer.text ?? '', ...given }), ...seen(state)];
};

const endOf = ({ kind, question, attempts }: Blocked) => ({
  attempt: attempts,
  kind,
  ...(question === undefined ? {} : { questionId: question.questionId }),
  timedOut: false,
});

const answerQuestion = ({ choice, text = '', grant }: BlockAnswer, { question }: Blocked) => {
  if (grant !== undefined) return unfit('grant: this task asks a question; nothing of its budgets is used up.');
  const options = question?.options ?? [];
  if (options.length === 0) {
    if (choice !== undefined) return unfit('choice: this question has no options. Answer it with text.');
    return text.trim() === '' ? unfit('text: this question is answered with words of your own.') : {};
  }
  const ids = options.map(({ id }) => id);
  if (choice === undefined || !ids.includes(choice))
    return unfit(`choice: expected one of ${ids.join(', ')}, found ${choice ?? 'none'}.`);
  return { choice };
};

const grantMore = ({ choice, grant }: BlockAnswer, { spent }: Blocked) => {
  if (choice !== undefined)
    return unfit('choice: nothing is asked; a budget is used up. Grant more of it, or discard.');
  if (spent === undefined) return {};
  const { budget, of, limit, used } = spent;
  const countable = budget !== 'cost';
  if (grant === undefined || grant <= 0 || (countable && !Number.isInteger(grant)))
    return unfit(
      `grant.amount: expected how much more of ${budget} may be used, a ${countable ? 'whole ' : ''}number above 0.`,
    );
  if (limit + grant <= used)
    return unfit(
      `grant.amount: ${used} of ${limit} are used already: grant more than ${used - limit}, or discard the task.`,
    );
  return { granted: { budget, of, amount: grant } };
};

const publishAgain = ({ choice, grant }: BlockAnswer) =>
  choice === undefined && grant === undefined
    ? {}
    : unfit(
        'This task waits for its branch: mend what keeps it from being made, and answer with neither choice nor grant.',
      );

export const decideUnanswered = (command: UnansweredCommand, state: OpenTask): TaskEvent[] => {
  if (state.status !== 'blocked' || state.since !== command.since) return [];
  switch (command.type) {
    case 'go-on':
      return [event('task.answered', { ...endOf(state), text: '', timedOut: true })];
    case 'give-up':
      if (state.decided !== undefined) return [];
      return [event('task.failed', { attempt: state.attempts, kind: 'unanswered', reason: command.reason })];
    case 'release':
      return [
        event('task.answered', { ...endOf(state), text: 'More was granted to the whole sprint.' }),
        ...seen(state),
      ];
  }
};

/** Whoever ends a block has seen what it called for. */
export const seen = (state: OpenTask): TaskEvent[] =>
  state.status === 'blocked' && state.alertId !== undefined
    ? [event('alert.acknowledged', { alertId: state.alertId })]
    : [];
