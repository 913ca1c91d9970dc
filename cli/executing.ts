// From an approval to the outcome, on the screen.
import { isCancel, select } from '@clack/prompts';
import { z } from 'zod';
import { answerInTerminal, readTask } from './answering.js';
import type { PlanView, SprintView } from './api.js';
import type { ServiceClient } from './client.js';
import type { Context } from './context.js';
import { workFailed } from './exit-codes.js';
import { followSprint, readReport, readSprint, type Following } from './following.js';
import { approve } from './planning.js';
import { answerHints } from './render/answer-hints.js';
import { renderEvent } from './render/event.js';
import { allPassed, renderOutcome } from './render/sprint.js';

export interface Execution {
  readonly taskIds?: readonly string[];
  readonly unattended?: boolean;
  readonly json?: boolean;
}

/** Approves, tells every event as it happens, then the outcome. Throws when something that was approved was not kept. */
export const execute = async (
  context: Context,
  client: ServiceClient,
  plan: PlanView,
  options: Execution,
): Promise<SprintView> => {
  const { cursor } = await readSprint(client, plan.planId);
  await approve(client, plan, options.taskIds, options.unattended);
  return followToOutcome(context, client, plan.planId, { after: cursor, json: options.json });
};

/** Tells every event of a running sprint from `after` on, then the outcome. Throws when interrupted before. */
export const followToOutcome = async (
  context: Context,
  client: ServiceClient,
  sprintId: string,
  { after, json }: { readonly after?: string; readonly json?: boolean },
): Promise<SprintView> => {
  const done = await tell(context, client, sprintId, { after, json });
  const sprint = await readSprint(client, sprintId);
  if (!done)
    throw workFailed(
      `Stopped watching sprint ${sprintId}, which is ${sprint.status}. Nothing is lost. Go on: hyper-run watch ${sprintId} (after hyper-run up, where no service runs)`,
    );
  await showOutcome(context, client, sprint, json);
  return sprint;
};

export const showOutcome = async (
  context: Context,
  client: ServiceClient,
  sprint: SprintView,
  json = false,
): Promise<void> => {
  if (json) return context.json({ sprint });
  context.lines(['', ...renderOutcome(sprint, context.style, await readReport(client, sprint.sprintId))]);
};

interface Telling extends Pick<Following, 'after' | 'until'> {
  readonly json?: boolean;
}

/** Every event of the sprint from `after` on, until the one that ends it: its completion, unless told otherwise. */
export const tell = (
  context: Context,
  client: ServiceClient,
  sprintId: string,
  { after, until, json }: Telling,
): Promise<boolean> =>
  followSprint(client, sprintId, {
    after,
    ...(until === undefined ? {} : { until }),
    signal: context.signal,
    onEvent: async (event, text) => {
      if (json) return context.json(JSON.parse(text));
      context.line(renderEvent(event, context.style));
      if (event.type === 'hyperrun.task.blocked') await askOrHint(context, client, event.taskid ?? '', sprintId);
      if (event.type === 'hyperrun.sprint.paused') await askHowToGoOn(context, client, sprintId);
    },
    onLost: () => context.note(context.style.yellow('The connection was lost. Trying again; nothing will be missed.')),
  });

/** A block that is over by the time that its event is told here needs nobody. */
const askOrHint = async (context: Context, client: ServiceClient, taskId: string, sprintId: string): Promise<void> => {
  if (context.interactive) return answerInTerminal(context, client, taskId);
  const task = await readTask(client, taskId);
  if (task.blocked == null) return;
  const hints = [...answerHints(task), `hyper-run cancel ${sprintId}   end all`];
  context.note(['The sprint cannot end while a task is blocked.', ...hints].join('\n  '));
};

const askHowToGoOn = async (context: Context, client: ServiceClient, sprintId: string): Promise<void> => {
  if (!context.interactive) {
    context.note(`Paused. Go on: hyper-run resume ${sprintId}   End it: hyper-run cancel ${sprintId}`);
    return;
  }
  const answer = await select({
    message: 'The sprint is paused.',
    signal: context.signal,
    options: [
      { value: 'resume', label: 'Go on', hint: 'a base that fails is accepted as it is' },
      { value: 'cancel', label: 'End it', hint: 'nothing is kept of what is not settled' },
      { value: 'wait', label: 'Keep watching' },
    ],
  });
  if (!isCancel(answer) && answer !== 'wait')
    await client.send(z.unknown(), 'POST', `/hyper-running/sprints/${sprintId}/${answer}`, {
      reason: 'decided in the terminal',
    });
};

/** 1 unless everything that was approved was kept. */
export const requireAllPassed = (sprint: SprintView): void => {
  if (!allPassed(sprint)) throw workFailed(`Not everything was kept: sprint ${sprint.sprintId} is ${sprint.status}.`);
};
