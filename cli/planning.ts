// A plan, from asking for it to approving it.
import { resolve } from 'node:path';
import { z } from 'zod';
import { HyperRunError } from '#contracts';
import { PlanView, Repository } from './api.js';
import type { ServiceClient } from './client.js';

export interface PlanWish {
  readonly path: string;
  readonly scope?: readonly string[];
  readonly maxTasks?: number;
  readonly focus?: string;
}

/** Registers the repository if it is new, has it read, and answers with the plan once it is proposed. */
export const askForPlan = async (client: ServiceClient, { path, ...wish }: PlanWish): Promise<PlanView> => {
  const repository = await client.send(Repository, 'POST', '/repositories', { path: resolve(path) });
  const body = { repository: repository.repositoryId, ...wish };
  return client.send(PlanView, 'POST', '/hyper-running/plan', body);
};

export const readPlan = (client: ServiceClient, planId: string): Promise<PlanView> =>
  client.get(PlanView, `/hyper-running/plans/${encodeURIComponent(planId)}`);

export interface PlanEdit {
  readonly drop?: readonly string[];
  readonly order?: readonly string[];
  readonly tasks?: readonly { readonly taskId: string; readonly title?: string; readonly instructions?: string }[];
  readonly setupNetwork?: boolean;
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
