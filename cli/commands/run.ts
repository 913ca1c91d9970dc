import { Command, Option } from 'commander';
import { ServiceClient } from '../client.js';
import { texts, type Context } from '../context.js';
import { usageError } from '../exit-codes.js';
import { execute, requireAllPassed } from '../executing.js';
import { readHealth } from '../health.js';
import { askForPlan, editPlan } from '../planning.js';
import { renderPlan } from '../render/plan.js';
import { review } from '../reviewing.js';
import { withService } from '../with-service.js';
import {
  budgetOption,
  focusOption,
  grantOption,
  jsonOption,
  maxTasksOption,
  scopeOption,
  type WishOptions,
} from './options.js';

interface RunOptions extends WishOptions {
  readonly yes?: boolean;
  readonly json?: boolean;
  readonly allowSetupNetwork?: boolean;
}

export const runCommand = (context: Context) =>
  new Command('run')
    .description('plan, review in the terminal, execute, report')
    .argument('[path]', 'the repository', '.')
    .addOption(scopeOption())
    .addOption(maxTasksOption())
    .addOption(focusOption())
    .addOption(grantOption())
    .addOption(budgetOption())
    .option('--allow-setup-network', 'grant the network to the set-up commands of this plan')
    .addOption(new Option('-y, --yes', 'approve all of it unread, where the service’s policy allows that'))
    .addOption(jsonOption())
    .addHelpText('after', '\nEnds with 0 when everything that was approved was kept, else with 1.')
    .action((path: string, options: RunOptions) => run(context, path, options));

const run = (context: Context, path: string, options: RunOptions) =>
  withService(context, path, async (address) => {
    const client = new ServiceClient(address, texts(options));
    const proposed = await askForPlan(client, { path, ...wish(options) });
    const plan = options.allowSetupNetwork ? await editPlan(client, proposed, { setupNetwork: true }) : proposed;
    const { isolation } = await readHealth(client);
    if (options.yes) {
      if (options.json) context.json({ plan });
      else context.lines([...renderPlan(plan, context.style, { evidence: 3, isolation }), '']);
      return requireAllPassed(await execute(context, client, plan, { unattended: true, json: options.json }));
    }
    if (!context.interactive || options.json) {
      if (options.json) context.json({ plan });
      else context.lines(renderPlan(plan, context.style, { evidence: 3, isolation }));
      throw usageError(
        `Nothing runs before a person approves, and nobody can be asked here. Approve it: hyper-run execute ${plan.planId}`,
      );
    }
    const decision = await review(context, client, plan, isolation);
    if (decision.kind !== 'approved')
      return context.note(
        `${decision.kind === 'rejected' ? 'Rejected' : 'Nothing runs'}. hyper-run review ${plan.planId}`,
      );
    requireAllPassed(await execute(context, client, decision.plan, { taskIds: decision.taskIds }));
  });

export const wish = ({ scope, maxTasks, focus, grant, budget }: WishOptions) => ({
  scope,
  maxTasks,
  focus,
  grants: grant,
  budgets: budget,
});
