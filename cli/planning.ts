// A plan, from asking for it to approving it.
import { resolve } from 'node:path';
import { z } from 'zod';
import { HyperRunError } from '#contracts';
import { PlanPending, PlanView, Repository } from './api.js';
import type { ServiceClient } from './client.js';
import type { BudgetWish } from './commands/options.js';
import { follow } from './sse.js';

export interface PlanWish {
  readonly path: string;
  readonly scope?: readonly string[];
  readonly maxTasks?: number;
  readonly focus?: string;
  /** Protected paths that this plan may change. */
  readonly grants?: readonly string[];
  readonly budgets?: BudgetWish;
}

/** Registers the repository if it is new, has it read, and answers with the plan once it is proposed. */
export const askForPlan = async (client: ServiceClient, { path, ...wish }: PlanWish): Promise<PlanView> => {
  const { repositoryId } = await client.send(Repository, 'POST', '/repositories', { path: resolve(path) });
  const asked = await client.send(PlanOrPending, 'POST', '/hyper-running/plan', { repository: repositoryId, ...wish });
  if ('tasks' in asked) return asked;
  for await (const item of follow(client, { query: { sprint: asked.planId }, after: asked.cursor }))
    if (item.kind === 'event' && ENDS_OF_ANALYSIS.has(item.event.type)) break;
  return readPlan(client, asked.planId);
};

/** @throws HyperRunError `plan.not-ready` while there is none, the reason when there never will be one */
export const readPlan = async (client: ServiceClient, planId: string): Promise<PlanView> => {
  const plan = await client.get(PlanOrPending, `/hyper-running/plans/${encodeURIComponent(planId)}`);
  if ('tasks' in plan) return plan;
  throw new HyperRunError(
    'plan.not-ready',
    plan.reason ?? `Plan ${planId} is not there yet: the repository is being read.`,
  );
};

const PlanOrPending = z.union([PlanView, PlanPending]);
const ENDS_OF_ANALYSIS = new Set(['hyperrun.sprint.plan-proposed', 'hyperrun.sprint.analysis-failed']);

export interface TaskEdit {
  readonly taskId: string;
  readonly title?: string;
  readonly instructions?: string;
  readonly agent?: string;
  /** Who may take it over where that one gets into trouble, in this order. */
  readonly fallbacks?: readonly string[];
}

export interface PlanEdit {
  readonly drop?: readonly string[];
  readonly order?: readonly string[];
  readonly tasks?: readonly TaskEdit[];
  readonly setupNetwork?: boolean;
  /** Tasks keep what lies in it; what it lets in besides becomes further tasks. */
  readonly scope?: readonly string[];
}

/** The plan as changed, with its new hash; refused when somebody else changed it meanwhile. */
export const editPlan = (client: ServiceClient, plan: PlanView, edit: PlanEdit): Promise<PlanView> =>
  client.send(PlanView, 'PATCH', `/hyper-running/plans/${plan.planId}`, edit, { 'if-match': `"${plan.planHash}"` });

export const rejectPlan = async (client: ServiceClient, planId: string, reason: string): Promise<void> => {
  await client.send(z.unknown(), 'POST', `/hyper-running/plans/${encodeURIComponent(planId)}/reject`, { reason });
};

/** Approves exactly the plan that was read. `taskIds` left out: all of its tasks. */
export const approve = async (
  client: ServiceClient,
  plan: PlanView,
  taskIds?: readonly string[],
  unattended = false,
) => {
  if (plan.tasks.length === 0) throw new HyperRunError('plan.empty', 'There is nothing in this plan to approve.');
  const body = {
    planId: plan.planId,
    planHash: plan.planHash,
    ...(taskIds && { taskIds }),
    ...(unattended && { unattended }),
  };
  await client.send(z.unknown(), 'POST', '/hyper-running/execute', body);
};
