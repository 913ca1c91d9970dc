import { fileURLToPath } from 'node:url';
import type { PlanView, SprintView } from '../api.js';
import type { ServiceClient } from '../client.js';
import type { Stage } from '../demo/stage.js';
import { workFailed } from '../exit-codes.js';
import { followSprint, readSprint } from '../following.js';
import { approve, askForPlan } from '../planning.js';
import type { EventView } from '../api.js';

/** One of the five success criteria, shown by doing it. */
export interface Criterion {
  readonly name: string;
  readonly shown: string;
  readonly holds: boolean;
}

/** The service as any other, with one more agent: one that tries to leave its scope. */
export const SERVICE_WITH_TRESPASSER = fileURLToPath(new URL('../../../examples/own-agent/main.js', import.meta.url));

export const planOf = async (client: ServiceClient, stage: Stage): Promise<PlanView> => {
  const plan = await askForPlan(client, { path: stage.repository });
  if (plan.tasks.length > 0) return plan;
  throw workFailed('The example has nothing to repair: no criterion can be shown on it.');
};

/** Approves and follows to the end, or until `until` says that it was enough. */
export const runSprint = async (
  client: ServiceClient,
  plan: PlanView,
  onEvent: (event: EventView) => void | Promise<void> = () => undefined,
  taskIds?: readonly string[],
): Promise<SprintView> => {
  const { cursor } = await readSprint(client, plan.planId);
  await approve(client, plan, taskIds);
  await followSprint(client, plan.planId, { after: cursor, onEvent });
  return readSprint(client, plan.planId);
};
