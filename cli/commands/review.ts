import { Command } from 'commander';
import { texts, type Context } from '../context.js';
import { execute, requireAllPassed } from '../executing.js';
import { readHealth } from '../health.js';
import { readPlan, rejectPlan } from '../planning.js';
import { renderPlan } from '../render/plan.js';
import { review } from '../reviewing.js';
import { jsonOption } from './options.js';

const EVERYTHING = 200;

export const reviewCommand = (context: Context) =>
  new Command('review')
    .description('read a plan, change it, approve or reject it')
    .argument('<plan>', 'its id')
    .option('--reject <reason>', 'reject it, with a reason that is recorded')
    .addOption(jsonOption())
    .action(async (planId: string, options: { json?: boolean; reject?: string }) => {
      const client = await context.connect(texts(options));
      if (options.reject !== undefined) return rejectPlan(client, planId, options.reject);
      const plan = await readPlan(client, planId);
      if (options.json) return context.json(plan, 2);
      const { isolation } = await readHealth(client);
      if (!context.interactive || plan.status !== 'proposed') {
        context.lines(renderPlan(plan, context.style, { evidence: EVERYTHING, isolation }));
        return context.note(
          plan.status === 'proposed' ? `Approve it: hyper-run execute ${planId}` : `This plan is ${plan.status}.`,
        );
      }
      const decision = await review(context, client, plan, isolation);
      if (decision.kind !== 'approved')
        return context.note(decision.kind === 'rejected' ? 'Rejected.' : 'Nothing runs.');
      requireAllPassed(await execute(context, client, decision.plan, { taskIds: decision.taskIds }));
    });
