// Budgets in the words and units that people use.
import type { BudgetName, SpentBudget } from '#contracts';
import type { Pause } from '#domain';
import { duration, plural } from '#wording';
import type { SprintView } from '../api/views.js';

interface BudgetWords {
  readonly name: string;
  /** Of the number as the service takes it. */
  readonly unit: string;
}
export const BUDGETS: Readonly<Record<BudgetName, BudgetWords>> = {
  wallSeconds: { name: 'Time at work', unit: 'seconds' },
  toolCalls: { name: 'Tool calls', unit: 'calls' },
  tokens: { name: 'Tokens', unit: 'tokens' },
  cost: { name: 'Cost', unit: 'US dollars' },
};

export const amountText = (budget: BudgetName, amount: number): string => {
  switch (budget) {
    case 'wallSeconds':
      return duration(Math.round(amount) * 1000);
    case 'toolCalls':
      return plural(amount, 'call');
    case 'tokens':
      return plural(amount, 'token');
    case 'cost':
      return `$${amount.toFixed(2)}`;
  }
};

/** Half as much again as was allowed, and more than is used up already. */
export const suggestedGrant = ({ budget, limit, used }: SpentBudget): number => {
  const half = Math.max(limit / 2, used - limit + limit / 10);
  return budget === 'cost' ? Math.max(0.01, Math.ceil(half * 100) / 100) : Math.max(1, Math.ceil(half));
};

/** When the clocks of a sprint stood still, for whoever counts what was used. */
export const pausesOf = (pauses: SprintView['pauses'] = []): readonly Pause[] =>
  pauses.map(({ from, until }) => ({
    from: Date.parse(from),
    ...(until === undefined ? {} : { until: Date.parse(until) }),
  }));
