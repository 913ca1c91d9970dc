import { InvalidArgumentError, Option } from 'commander';

export interface WishOptions {
  readonly scope?: readonly string[];
  readonly maxTasks?: number;
  readonly focus?: string;
  readonly grant?: readonly string[];
}

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
