import { Command } from 'commander';
import type { Context } from '../context.js';

const NDJSON = { accept: 'application/x-ndjson' };

export const exportCommand = (context: Context) =>
  new Command('export')
    .description('the sealed history of a sprint, as NDJSON on standard output')
    .argument('<sprint>')
    .action(async (sprintId: string) => {
      const client = await context.connect();
      const path = `/hyper-running/sprints/${encodeURIComponent(sprintId)}/events`;
      const response = await client.request(path, { headers: NDJSON });
      if (response.body === null) return;
      const decoder = new TextDecoder();
      for await (const chunk of response.body) context.raw(decoder.decode(chunk, { stream: true }));
    });
