// Budgets in the words that people use.
import type { BudgetName, SpentBudget } from '#contracts';
import { duration } from './units.js';

const NOUNS: Readonly<Record<BudgetName, string>> = {
  wallSeconds: 'of work',
  toolCalls: 'tool calls',
  tokens: 'tokens',
  cost: 'of cost',
};

/** `30 min`, `1,000`, `$2.50`. */
export const budgetAmount = (budget: BudgetName, amount: number): string => {
  if (budget === 'wallSeconds') return duration(amount * 1000);
  if (budget === 'cost')
    return `$${amount.toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 4 })}`;
  return amount.toLocaleString('en');
};

/** `1,000 tokens`, `30 min of work`, `$2.50 of cost`. */
export const budgetText = (budget: BudgetName, amount: number): string =>
  `${budgetAmount(budget, amount)} ${NOUNS[budget]}`;

/** What was used up, in a sentence. */
export const spentText = ({ budget, of, limit, used }: SpentBudget): string =>
  `${budgetAmount(budget, used)} of ${budgetText(budget, limit)} are used, the budget of ${of === 'task' ? 'this task' : 'the whole sprint'}.`;
