// What a plan may spend, where somebody wants something else than it says.
import type { BudgetName, Budgets } from '#contracts';
import { BUDGET_NAMES, type SpendingLimits } from './account.js';

export interface BudgetWish extends SpendingLimits {
  readonly attempts?: number;
  readonly sprint?: SpendingLimits;
}

/** Each limit that is named is replaced, also those of the whole sprint; the others stay. */
export const withBudgets = (budgets: Budgets, wish: BudgetWish): Budgets => {
  const sprint = withLimits(budgets.sprint ?? {}, wish.sprint ?? {});
  return {
    ...budgets,
    ...withLimits(budgets, wish),
    attempts: wish.attempts ?? budgets.attempts,
    ...(Object.keys(sprint).length === 0 ? {} : { sprint }),
  };
};

const withLimits = (limits: SpendingLimits, wish: SpendingLimits): SpendingLimits => {
  const merged: Partial<Record<BudgetName, number>> = {};
  for (const name of BUDGET_NAMES) {
    const limit = wish[name] ?? limits[name];
    if (limit !== undefined) merged[name] = limit;
  }
  return merged;
};
