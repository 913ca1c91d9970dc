import { Command } from 'commander';
import { z } from 'zod';
import type { Context } from '../context.js';
import { oneLine } from '../text.js';

export const discardCommand = (context: Context) =>
  new Command('discard')
    .description('give up a blocked task, so that its sprint can go on')
    .argument('<task>')
    .option('--reason <text>', 'recorded', 'decided on the command line')
    .action(async (taskId: string, { reason }: { reason: string }) => {
      const client = await context.connect();
      await client.send(z.unknown(), 'POST', `/hyper-running/tasks/${encodeURIComponent(taskId)}/discard`, { reason });
      context.note(`Discarded. To do it again once its sprint is completed: hyper-run retry ${oneLine(taskId)}`);
    });
