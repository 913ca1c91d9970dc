import { Command } from 'commander';
import { z } from 'zod';
import { texts, type Context } from '../context.js';
import { clean } from '../text.js';
import { jsonOption } from './options.js';

export const reportCommand = (context: Context) =>
  new Command('report')
    .description('what became of a sprint, as Markdown for a pull request')
    .argument('<sprint>')
    .addOption(jsonOption())
    .action(async (sprintId: string, options: { json?: boolean }) => {
      const client = await context.connect(texts(options));
      const path = `/hyper-running/sprints/${encodeURIComponent(sprintId)}/report`;
      if (options.json) return context.json(await client.get(z.unknown(), path), 2);
      context.raw(clean(await client.text(path, { headers: { accept: 'text/markdown' } })));
    });
