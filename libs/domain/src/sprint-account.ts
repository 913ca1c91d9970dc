// What the tasks of one sprint have spent together, and what they may.
import type { Instant, TaskId } from '#contracts';
import { limitsOf, sumOf, usedOf, type Account, type Amounts, type SpendingLimits } from './account.js';
import type { Active } from './sprint-state.js';
import type { World } from './world.js';

const accountsOf = (world: World, { taskIds }: Active): readonly (readonly [TaskId, Account])[] =>
  taskIds.flatMap((id) => {
    const state = world.tasks.get(id);
    return state !== undefined && 'account' in state ? [[id, state.account] as const] : [];
  });

/** A grant in one task is for all of them. */
export const sprintLimits = (world: World, sprint: Active): SpendingLimits =>
  limitsOf(
    sprint.plan.budgets,
    'sprint',
    accountsOf(world, sprint).flatMap(([, { granted }]) => granted),
  );

/** What the other tasks have used; with `now`, those at work until then. */
export const usedBeside = (world: World, sprint: Active, own: TaskId, now: Instant): Amounts =>
  sumOf(
    accountsOf(world, sprint)
      .filter(([id]) => id !== own)
      .map(([, account]) => usedOf(account, sprint.pauses, now)),
  );
