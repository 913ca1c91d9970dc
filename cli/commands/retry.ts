import { randomUUID } from 'node:crypto';
import { Command } from 'commander';
import { isHyperRunError } from '#contracts';
import { SprintView } from '../api.js';
import type { ServiceClient } from '../client.js';
import { texts, type Context } from '../context.js';
import { followToOutcome, requireAllPassed } from '../executing.js';
import { readHealth } from '../health.js';
import { jsonOption } from './options.js';

interface FollowUpOptions {
  readonly agent?: string;
  readonly detach?: boolean;
  readonly json?: boolean;
}

/** Each waits for a minute inside the service. */
const ATTEMPTS = 10;
const APPROVES = '\nTo call it is to approve it. Ends with 0 when the task was kept, else with 1.';

export const retryCommand = (context: Context) =>
  new Command('retry')
    .description('do a task that has ended again, at today’s HEAD, as a sprint of its own')
    .argument('<task>')
    .option('-a, --agent <kind>', 'by another agent')
    .option('-d, --detach', 'do not wait for the end')
    .addOption(jsonOption())
    .addHelpText('after', APPROVES)
    .action((taskId: string, options: FollowUpOptions) =>
      followUp(context, pathOf(taskId, 'retry'), { ...agentOf(options) }, options),
    );

export const requestChangesCommand = (context: Context) =>
  new Command('request-changes')
    .description('do a task again with a comment on what it made, as a sprint of its own; its agent knows both')
    .argument('<task>')
    .requiredOption('-m, --message <comment>', 'what is to be different')
    .option('-a, --agent <kind>', 'by another agent; one that follows words')
    .option('-d, --detach', 'do not wait for the end')
    .addOption(jsonOption())
    .addHelpText('after', APPROVES)
    .action((taskId: string, options: FollowUpOptions & { readonly message: string }) =>
      followUp(context, pathOf(taskId, 'request-changes'), { comment: options.message, ...agentOf(options) }, options),
    );

const pathOf = (taskId: string, what: string): string => `/hyper-running/tasks/${encodeURIComponent(taskId)}/${what}`;
const agentOf = ({ agent }: FollowUpOptions) => (agent === undefined ? {} : { agent });

const followUp = async (context: Context, path: string, body: object, options: FollowUpOptions): Promise<void> => {
  const client = await context.connect(texts(options));
  const { cursor } = await readHealth(client);
  const { sprintId } = await startAgain(context, client, path, body);
  if (options.detach) return context.note(`Running. hyper-run watch ${sprintId}`);
  context.note(`Sprint ${sprintId} does it again.`);
  requireAllPassed(await followToOutcome(context, client, sprintId, { after: cursor, json: options.json }));
};

/** The sprint that does it again. While its plan is still being made, the same request is sent under the same id. */
const startAgain = async (
  { signal }: Context,
  client: ServiceClient,
  path: string,
  body: object,
): Promise<SprintView> => {
  const headers = { 'idempotency-key': randomUUID() };
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await client.send(SprintView, 'POST', path, body, headers);
    } catch (error) {
      if (attempt === ATTEMPTS || signal.aborted || !isHyperRunError(error, 'plan.not-ready')) throw error;
    }
  }
};
