// What a blocked task asks, and what a person in the terminal says to it.
import { isCancel, select, text } from '@clack/prompts';
import { z } from 'zod';
import { isHyperRunError } from '#contracts';
import { budgetText } from '#wording';
import { TaskView } from './api.js';
import type { ServiceClient } from './client.js';
import type { Context } from './context.js';
import { oneLine } from './text.js';

export interface Answer {
  readonly questionId?: string;
  readonly choice?: string;
  readonly text?: string;
  readonly grant?: { readonly amount: number };
}

const pathOf = (taskId: string, action = '') => `/hyper-running/tasks/${encodeURIComponent(taskId)}${action}`;

export const readTask = (client: ServiceClient, taskId: string): Promise<TaskView> =>
  client.get(TaskView, pathOf(taskId));

export const sendAnswer = (client: ServiceClient, taskId: string, answer: Answer): Promise<unknown> =>
  client.send(z.unknown(), 'POST', pathOf(taskId, '/answer'), answer);

/** Asks the person in the terminal. Says nothing where somebody else has answered meanwhile, or where they look on. */
export const answerInTerminal = async (context: Context, client: ServiceClient, taskId: string): Promise<void> => {
  const { blocked, title } = await readTask(client, taskId);
  if (blocked == null) return;
  const { question, spent, kind } = blocked;
  const about = `${oneLine(title, 80)}:`;
  const answer =
    question != null
      ? await askQuestion(context, `${about} ${question.text}`, question)
      : await askBlock(context, about, kind, spent ?? undefined);
  if (answer === undefined) return;
  try {
    if (answer === 'discard')
      await client.send(z.unknown(), 'POST', pathOf(taskId, '/discard'), { reason: 'decided in the terminal' });
    else await sendAnswer(client, taskId, answer);
  } catch (error) {
    if (!isHyperRunError(error) || error.details.status !== 409) throw error;
    context.note(`Somebody else was faster: ${error.message}`);
  }
};

type Question = NonNullable<NonNullable<TaskView['blocked']>['question']>;
type Spent = NonNullable<NonNullable<TaskView['blocked']>['spent']>;
type Decision = Answer | 'discard' | undefined;

const DISCARD = { value: 'discard:', label: 'Give the task up', hint: 'so that the sprint can go on' };
const LOOK_ON = { value: 'wait:', label: 'Keep watching' };

const askQuestion = async ({ signal }: Context, message: string, question: Question): Promise<Decision> => {
  const { questionId, options } = question;
  if (options.length === 0) {
    const words = await text({ message, placeholder: 'Escape: keep watching', signal });
    return isCancel(words) || words.trim() === '' ? undefined : { questionId, text: words };
  }
  const choices = options.map(({ id, label }) => ({ value: `answer:${id}`, label }));
  const chosen = await select({ message, options: [...choices, DISCARD, LOOK_ON], signal });
  if (isCancel(chosen) || chosen === LOOK_ON.value) return undefined;
  return chosen === DISCARD.value ? 'discard' : { questionId, choice: chosen.slice('answer:'.length) };
};

const askBlock = async ({ signal }: Context, about: string, kind: string, spent?: Spent): Promise<Decision> => {
  const on =
    spent === undefined
      ? { value: 'go:', label: kind === 'publishing' ? 'Try to make its branch again' : 'Go on' }
      : { value: 'go:', label: `Grant ${budgetText(spent.budget, moreOf(spent))} more` };
  const why = spent === undefined ? 'waits for you.' : `${budgetText(spent.budget, spent.limit)} are used up.`;
  const chosen = await select({ message: `${about} ${why}`, options: [on, DISCARD, LOOK_ON], signal });
  if (isCancel(chosen) || chosen === LOOK_ON.value) return undefined;
  if (chosen === DISCARD.value) return 'discard';
  return spent === undefined ? {} : { grant: { amount: moreOf(spent) } };
};

/** As much again as there was, and what is overdrawn. */
const moreOf = ({ budget, limit, used }: Spent): number => {
  const more = limit + Math.max(0, used - limit);
  return budget === 'cost' ? more : Math.ceil(more);
};
