import { randomUUID } from 'node:crypto';
import { Command } from 'commander';
import { isHyperRunError } from '#contracts';
import { SprintView } from '../api.js';
import type { ServiceClient } from '../client.js';
import { texts, type Context } from '../context.js';
import { followToOutcome, requireAllPassed } from '../executing.js';
import { readHealth } from '../health.js';
import { jsonOption } from './options.js';

interface RetryOptions {
  readonly detach?: boolean;
  readonly json?: boolean;
}

/** Each waits for a minute inside the service. */
const ATTEMPTS = 10;

export const retryCommand = (context: Context) =>
  new Command('retry')
    .description('do a task that has ended again, at today’s HEAD, as a sprint of its own')
    .argument('<task>')
    .option('-d, --detach', 'do not wait for the end')
    .addOption(jsonOption())
    .addHelpText('after', '\nTo call it is to approve it. Ends with 0 when the task was kept, else with 1.')
    .action(async (taskId: string, options: RetryOptions) => {
      const client = await context.connect(texts(options));
      const { cursor } = await readHealth(client);
      const { sprintId } = await startAgain(context, client, taskId);
      if (options.detach) return context.note(`Running. hyper-run watch ${sprintId}`);
      context.note(`Sprint ${sprintId} does it again.`);
      requireAllPassed(await followToOutcome(context, client, sprintId, { after: cursor, json: options.json }));
    });

/** The sprint that does it again. While its plan is still being made, the same request is sent under the same id. */
const startAgain = async ({ signal }: Context, client: ServiceClient, taskId: string): Promise<SprintView> => {
  const path = `/hyper-running/tasks/${encodeURIComponent(taskId)}/retry`;
  const headers = { 'idempotency-key': randomUUID() };
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await client.send(SprintView, 'POST', path, {}, headers);
    } catch (error) {
      if (attempt === ATTEMPTS || signal.aborted || !isHyperRunError(error, 'plan.not-ready')) throw error;
    }
  }
};
