import { Command } from 'commander';
import { ServiceClient } from '../client.js';
import { texts, type Context } from '../context.js';
import { readHealth } from '../health.js';
import { askForPlan } from '../planning.js';
import { renderPlan } from '../render/plan.js';
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
import { wish } from './run.js';

export const planCommand = (context: Context) =>
  new Command('plan')
    .description('look for what is worth improving and propose a small sprint; nothing runs')
    .argument('[path]', 'the repository', '.')
    .addOption(scopeOption())
    .addOption(maxTasksOption())
    .addOption(focusOption())
    .addOption(grantOption())
    .addOption(budgetOption())
    .addOption(jsonOption())
    .action((path: string, options: WishOptions & { json?: boolean }) =>
      withService(context, path, async (address) => {
        const client = new ServiceClient(address, texts(options));
        const plan = await askForPlan(client, { path, ...wish(options) });
        if (options.json) return context.json(plan, 2);
        const { isolation } = await readHealth(client);
        context.lines([
          ...renderPlan(plan, context.style, { evidence: 3, isolation }),
          ...(plan.tasks.length === 0 ? [] : ['', decide(context, plan.planId)]),
        ]);
      }),
    );

const decide = ({ style }: Context, planId: string): string =>
  `Read and decide: ${style.cyan(`hyper-run review ${planId}`)}   Approve all: ${style.cyan(`hyper-run execute ${planId}`)}`;
