import { Command } from 'commander';
import type { Context } from '../context.js';
import { renderDiff } from '../render/diff.js';

export const diffCommand = (context: Context) =>
  new Command('diff')
    .description('what a task changed, also one that was refused; in a pipe as it is, for git apply')
    .argument('<task>')
    .action(async (taskId: string) => {
      const client = await context.connect();
      const diff = await client.text(`/hyper-running/tasks/${encodeURIComponent(taskId)}/diff`);
      if (process.stdout.isTTY) context.lines(renderDiff(diff, context.style));
      else context.raw(diff);
    });
