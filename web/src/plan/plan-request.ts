// What a person asks a plan for, as they type it and as the service wants it.
import { clean } from '#wording';
import { readBudgets, type BudgetForm, type BudgetWish } from './budget-wish.js';

export interface Wish {
  /** Id or path. */
  readonly repository: string;
  /** One pattern per line. */
  readonly scope: string;
  readonly maxTasks: string;
  readonly focus: string;
  /** Protected paths that may be changed all the same, one per line. */
  readonly grants: string;
  readonly budgets: BudgetForm;
}

export interface PlanRequest {
  readonly repository: string;
  readonly scope: readonly string[];
  readonly maxTasks: number;
  readonly focus?: string;
  readonly grants?: readonly string[];
  readonly budgets?: BudgetWish;
}

export const DEFAULT_SCOPE = ['docs/**', 'tests/**'] as const;
export const MOST_TASKS = 50;

/** Lines that say something, each once. */
export const linesOf = (text: string): string[] => [
  ...new Set(
    text
      .split('\n')
      .map((line) => clean(line).trim())
      .filter((line) => line !== ''),
  ),
];

/** With the pattern if it was not there, else without it. */
export const togglePattern = (scope: string, pattern: string): string => {
  const lines = linesOf(scope);
  return (lines.includes(pattern) ? lines.filter((line) => line !== pattern) : [...lines, pattern]).join('\n');
};

/** What keeps this wish from being sent, by field. */
export const wishProblems = ({ repository, scope, maxTasks, budgets }: Wish): Partial<Record<keyof Wish, string>> => {
  const count = Number(maxTasks);
  const { problem } = readBudgets(budgets);
  return {
    ...(repository.trim() === '' ? { repository: 'Name a repository.' } : {}),
    ...(linesOf(scope).length === 0 ? { scope: 'Name at least one pattern; ** is everything.' } : {}),
    ...(Number.isInteger(count) && count >= 1 && count <= MOST_TASKS
      ? {}
      : { maxTasks: `A whole number from 1 to ${MOST_TASKS}.` }),
    ...(problem === undefined ? {} : { budgets: problem }),
  };
};

export const toRequest = ({ repository, scope, maxTasks, focus, grants, budgets }: Wish): PlanRequest => {
  const { wish } = readBudgets(budgets);
  const granted = linesOf(grants);
  return {
    repository: repository.trim(),
    scope: linesOf(scope),
    maxTasks: Number(maxTasks),
    ...(focus.trim() === '' ? {} : { focus: focus.trim() }),
    ...(granted.length === 0 ? {} : { grants: granted }),
    ...(wish === undefined ? {} : { budgets: wish }),
  };
};
