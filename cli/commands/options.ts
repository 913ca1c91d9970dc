import { InvalidArgumentError, Option } from 'commander';
import type { BudgetName } from '#contracts';

export interface WishOptions {
  readonly scope?: readonly string[];
  readonly maxTasks?: number;
  readonly focus?: string;
  readonly grant?: readonly string[];
  readonly budget?: BudgetWish;
}

type Spending = Readonly<Partial<Record<BudgetName, number>>>;
/** What each task may spend at most, and all of them together. */
export type BudgetWish = Spending & { readonly attempts?: number; readonly sprint?: Spending };

export const jsonOption = () => new Option('--json', 'JSON for programs');

export const scopeOption = () =>
  new Option(
    '-s, --scope <pattern...>',
    'what may be changed, as file patterns (unless told otherwise: docs/** and tests/**)',
  );

export const maxTasksOption = () =>
  new Option('-n, --max-tasks <number>', 'at most this many tasks, 1 to 50 (3)').argParser(wholeNumber(1, 50));

export const focusOption = () => new Option('-f, --focus <words>', 'prefer findings about this');

export const grantOption = () =>
  new Option(
    '-g, --grant <path...>',
    'protected paths that this plan may change all the same: lockfiles, workflows, configuration …',
  );

export const budgetOption = () =>
  new Option(
    '-b, --budget <what=amount...>',
    'what each task may spend: time=30m, calls=200, tokens=100000, cost=2.50 (US dollars), attempts=2; all together: sprint.cost=10 …',
  ).argParser(budget);

const NAMES: Readonly<Record<string, BudgetName>> = { time: 'wallSeconds', calls: 'toolCalls', tokens: 'tokens', cost: 'cost' }; // prettier-ignore
const SECONDS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600 };

/** One more limit beside those that were named before it. */
const budget = (text: string, before: BudgetWish | undefined): BudgetWish => {
  const [, sprint, word = '', amount = '', unit = ''] =
    /^(sprint\.)?([a-z]+)=(\d+(?:\.\d+)?)([smh]?)$/.exec(text.trim()) ?? [];
  const name = NAMES[word];
  const value = Number(amount) * (SECONDS[unit] ?? 1);
  const whole = name === 'cost' || Number.isInteger(value);
  if (value > 0 && whole && (unit === '' || word === 'time')) {
    if (word === 'attempts' && sprint === undefined) return { ...before, attempts: value };
    if (name !== undefined && sprint === undefined) return { ...before, [name]: value };
    if (name !== undefined) return { ...before, sprint: { ...before?.sprint, [name]: value } };
  }
  throw new InvalidArgumentError(
    'Expected time=30m, calls=200, tokens=100000, cost=2.50 or attempts=2, with sprint. before it for all tasks together.',
  );
};

export const limitOption = (count: number) =>
  new Option('-l, --limit <number>', 'at most this many').default(count).argParser(wholeNumber(1, 1000));

/** A whole number in a range; anything else is wrong usage. */
export const wholeNumber =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most)
      throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
    return value;
  };

export const positive = (text: string): number => {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value)) throw new InvalidArgumentError('Expected a number above 0.');
  return value;
};
