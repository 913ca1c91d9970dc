// How long the agents of a plan will be at work.
import type { PlannedAgent, PlannedTask } from '#contracts';

/** Without the verification, whose time nobody knows before it has run once. Agents with a model take minutes. */
const SECONDS_PER_TASK = { fixer: 2, other: 180 } as const;

/** In seconds, one task after the other. */
export const estimatedSeconds = (
  tasks: readonly Pick<PlannedTask, 'agent'>[],
  agents: readonly Pick<PlannedAgent, 'kind' | 'adapter'>[],
): number => {
  const builtIn = new Set(agents.flatMap(({ kind, adapter }) => (adapter === 'built-in' ? [kind] : [])));
  return tasks.reduce((sum, { agent }) => sum + SECONDS_PER_TASK[builtIn.has(agent) ? 'fixer' : 'other'], 0);
};
