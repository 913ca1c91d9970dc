import { Command } from 'commander';
import { answerInTerminal, readTask, sendAnswer } from '../answering.js';
import type { Context } from '../context.js';
import { usageError } from '../exit-codes.js';
import { answerHints } from '../render/answer-hints.js';
import { oneLine } from '../text.js';
import { positive } from './options.js';

interface AnswerOptions {
  readonly choice?: string;
  readonly text?: string;
  readonly grant?: number;
}

export const answerCommand = (context: Context) =>
  new Command('answer')
    .description('answer what a blocked task asks, or grant it more; without an option it is asked here')
    .argument('<task>')
    .option('--choice <id>', 'one of the options of its question')
    .option('--text <words>', 'in words of your own')
    .option('--grant <amount>', 'more of the budget that it has used up: seconds, calls, tokens or dollars', positive)
    .action(async (taskId: string, options: AnswerOptions) => {
      const client = await context.connect();
      const task = await readTask(client, taskId);
      const { choice, text, grant } = options;
      const said = choice !== undefined || text !== undefined || grant !== undefined;
      if (task.blocked != null && !said && context.interactive) return answerInTerminal(context, client, taskId);
      if (task.blocked != null && !said && task.blocked.kind !== 'publishing')
        throw usageError([oneLine(task.reason ?? '', 600), ...answerHints(task)].join('\n  '));
      const questionId = task.blocked?.question?.questionId;
      await sendAnswer(client, taskId, {
        ...(questionId === undefined ? {} : { questionId }),
        ...(choice === undefined ? {} : { choice }),
        ...(text === undefined ? {} : { text }),
        ...(grant === undefined ? {} : { grant: { amount: grant } }),
      });
      context.note(`Answered. ${oneLine(taskId)} goes on.`);
    });
