import { Command } from 'commander';
import { texts, type Context } from '../context.js';
import { execute, requireAllPassed } from '../executing.js';
import { approve, readPlan } from '../planning.js';
import { jsonOption } from './options.js';

interface ExecuteOptions {
  readonly tasks?: readonly string[];
  readonly hash?: string;
  readonly detach?: boolean;
  readonly json?: boolean;
}

export const executeCommand = (context: Context) =>
  new Command('execute')
    .description('approve a plan and run it')
    .argument('<plan>', 'its id')
    .option('-t, --tasks <id...>', 'only these; the others are declined')
    .option('--hash <planHash>', 'only if this is still the plan that was read')
    .option('-d, --detach', 'do not wait for the end')
    .addOption(jsonOption())
    .action(async (planId: string, options: ExecuteOptions) => {
      const client = await context.connect(texts(options));
      const read = await readPlan(client, planId);
      const plan = {
        ...read,
        planHash: options.hash === undefined ? read.planHash : (options.hash as typeof read.planHash),
      };
      if (options.detach) {
        await approve(client, plan, options.tasks);
        return context.note(`Running. hyper-run watch ${planId}`);
      }
      requireAllPassed(await execute(context, client, plan, { taskIds: options.tasks, json: options.json }));
    });
