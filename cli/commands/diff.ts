import { Command } from 'commander';
import type { Context } from '../context.js';
import { renderDiff } from '../render/diff.js';

export const diffCommand = (context: Context) =>
  new Command('diff')
    .description(
      'what a task changed, also one that was refused, and what one that is at work has written so far; in a pipe as it is, for git apply',
    )
    .argument('<task>')
    .action(async (taskId: string) => {
      const client = await context.connect();
      const answer = await client.request(`/hyper-running/tasks/${encodeURIComponent(taskId)}/diff`);
      const diff = await answer.text();
      if (process.stdout.isTTY) return context.lines(renderDiff(diff, context.style));
      if (answer.headers.get('hyperrun-diff') === 'work') context.note('This is no candidate: see its first line.');
      context.raw(diff);
    });
