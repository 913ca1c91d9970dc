// Budgets in the words that people use.
import type { BudgetName, Budgets, SpentBudget, Trouble, TroublePolicy, Troubles } from '#contracts';
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

const IN_ORDER = ['wallSeconds', 'toolCalls', 'tokens', 'cost'] as const satisfies readonly BudgetName[];

/** Every limit that there is, as `budgetText` words it. */
export const limitsText = (limits: Readonly<Partial<Record<BudgetName, number>>>): string =>
  IN_ORDER.flatMap((budget) => {
    const limit = limits[budget];
    return limit === undefined ? [] : [budgetText(budget, limit)];
  }).join(', ');

/** What a plan lets be spent: each task, and all of them together where that is limited. */
export const budgetsTexts = ({ attempts, sprint, ...each }: Budgets): string[] => [
  `each task ${limitsText(each)}, ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}`,
  ...(sprint === undefined || limitsText(sprint) === '' ? [] : [`all together ${limitsText(sprint)}`]),
];

/** What becomes of a task in trouble, where a plan says something else than usual. */
export const troublesText = (troubles: Troubles): string =>
  (Object.keys(TROUBLE_WORDS) as Trouble[])
    .map((trouble) => `${TROUBLE_WORDS[trouble]}: ${wordsOf(trouble, troubles[trouble])}`)
    .join('; ');

/** What an agent got into. */
export const TROUBLE_WORDS: Readonly<Record<Trouble, string>> = {
  crashed: 'crashed',
  'no-change': 'changed nothing',
  stalled: 'stands still',
  looping: 'goes in circles',
  unavailable: 'gets no work now',
};
/** Plans of earlier versions say nothing about an agent that gets no work: its tasks wait. */
const wordsOf = (trouble: Trouble, policy: TroublePolicy = 'retry'): string =>
  trouble === 'unavailable' && policy === 'retry' ? 'wait' : POLICY_WORDS[policy];
const POLICY_WORDS: Readonly<Record<TroublePolicy, string>> = {
  retry: 'try again',
  reassign: 'give it to the next agent',
  'give-up': 'give up',
  ask: 'ask you',
};
