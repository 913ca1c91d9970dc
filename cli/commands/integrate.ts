import { Command } from 'commander';
import { SprintView } from '../api.js';
import { texts, type Context } from '../context.js';
import { tell } from '../executing.js';
import { workFailed } from '../exit-codes.js';
import { readSprint } from '../following.js';
import { renderIntegration } from '../render/integration.js';
import { jsonOption } from './options.js';

interface IntegrateOptions {
  readonly tasks?: readonly string[];
  readonly detach?: boolean;
  readonly json?: boolean;
}

const ENDS: readonly string[] = ['hyperrun.sprint.integrated', 'hyperrun.sprint.integration-failed'];

export const integrateCommand = (context: Context) =>
  new Command('integrate')
    .description('merge the passed tasks of a completed sprint into one branch, verified as a whole')
    .argument('<sprint>')
    .option('-t, --tasks <id...>', 'only these of the passed ones')
    .option('-d, --detach', 'do not wait for the end')
    .addOption(jsonOption())
    .addHelpText('after', '\nNo branch of yours changes. Ends with 0 when the branch is there, else with 1.')
    .action(async (sprintId: string, { tasks, detach, json }: IntegrateOptions) => {
      const client = await context.connect(texts({ json }));
      const path = `/hyper-running/sprints/${encodeURIComponent(sprintId)}/integrate`;
      const body = tasks === undefined ? {} : { taskIds: tasks };
      const { cursor } = await client.send(SprintView, 'POST', path, body);
      if (detach) return context.note(`Merging. What becomes of it: hyper-run report ${sprintId}`);
      await tell(context, client, sprintId, { after: cursor, json, until: ({ type }) => ENDS.includes(type) });
      const sprint = await readSprint(client, sprintId);
      if (json) context.json({ sprint });
      else context.lines(['', ...renderIntegration(sprint, context.style)]);
      if (sprint.integration?.status !== 'integrated')
        throw workFailed(`No branch was made of sprint ${sprintId}: ${sprint.integration?.status ?? 'not asked for'}.`);
    });
