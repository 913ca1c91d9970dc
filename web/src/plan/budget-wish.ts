// Budgets as a person types them and as the service wants them.
import type { BudgetName, Budgets } from '#contracts';

export const BUDGET_FIELDS = ['wallSeconds', 'toolCalls', 'tokens', 'cost'] as const satisfies readonly BudgetName[];

/** Whom a limit is for. */
export const BUDGET_SHARES = ['task', 'sprint'] as const;
export type BudgetShare = (typeof BUDGET_SHARES)[number];

/** What stands in a field: time in minutes, cost in US dollars, the others as they are counted. Empty: nothing is said. */
export type BudgetForm = Readonly<Record<BudgetShare, Readonly<Record<BudgetName, string>>>>;

type Limits = Partial<Record<BudgetName, number>>;
/** Limits that are to be others. */
export type BudgetWish = Limits & { readonly sprint?: Limits };

const EMPTY = { wallSeconds: '', toolCalls: '', tokens: '', cost: '' };
export const NO_BUDGETS: BudgetForm = { task: EMPTY, sprint: EMPTY };

/** The most that the service takes. */
const MOST: Readonly<Record<BudgetName, number>> = {
  wallSeconds: 86_400,
  toolCalls: 1_000_000,
  tokens: 1_000_000_000,
  cost: 1_000_000,
};

const typed = (limits: Limits): Record<BudgetName, string> => {
  const text = (name: BudgetName) => {
    const limit = limits[name];
    return limit === undefined ? '' : String(name === 'wallSeconds' ? Math.round(limit / 0.6) / 100 : limit);
  };
  return { wallSeconds: text('wallSeconds'), toolCalls: text('toolCalls'), tokens: text('tokens'), cost: text('cost') };
};

export const budgetForm = (budgets: Budgets): BudgetForm => ({
  task: typed(budgets),
  sprint: typed(budgets.sprint ?? {}),
});

/** As the service counts it; undefined where it is no amount that it takes. */
const amountOf = (name: BudgetName, text: string): number | undefined => {
  const typedAmount = Number(text);
  const amount = name === 'wallSeconds' ? Math.round(typedAmount * 60) : typedAmount;
  const fits = amount > 0 && amount <= MOST[name] && (name === 'cost' || Number.isInteger(amount));
  return fits ? amount : undefined;
};

export interface ReadBudgets {
  /** What is another than before; undefined: nothing is. */
  readonly wish?: BudgetWish;
  readonly problem?: string;
}

const readLimits = (form: Readonly<Record<BudgetName, string>>, before: Readonly<Record<BudgetName, string>>) => {
  const limits: Limits = {};
  let problem: string | undefined;
  for (const name of BUDGET_FIELDS) {
    const text = form[name].trim();
    if (text === before[name]) continue;
    const amount = amountOf(name, text);
    if (text === '') problem ??= 'A limit can be changed, not taken away.';
    else if (amount === undefined)
      problem ??= `${text} is no limit: a number above 0${name === 'cost' || name === 'wallSeconds' ? '' : ', without a fraction'}${name === 'wallSeconds' ? ', up to 1,440 minutes' : ''}.`;
    else limits[name] = amount;
  }
  return { limits, problem };
};

/** What a person wants to be different. */
export const readBudgets = (form: BudgetForm, before: BudgetForm = NO_BUDGETS): ReadBudgets => {
  const task = readLimits(form.task, before.task);
  const sprint = readLimits(form.sprint, before.sprint);
  const problem = task.problem ?? sprint.problem;
  if (problem !== undefined) return { problem };
  const wish = { ...task.limits, ...(Object.keys(sprint.limits).length === 0 ? {} : { sprint: sprint.limits }) };
  return Object.keys(wish).length === 0 ? {} : { wish };
};
