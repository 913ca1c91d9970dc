import type { TestCount } from '#contracts';

interface Runner {
  readonly runner: string;
  /** The counts of every summary that this runner printed, or undefined when it printed none. */
  readonly count: (text: string) => Omit<TestCount, 'runner'> | undefined;
}

const number = (text: string | undefined) => (text === undefined ? 0 : Number(text));

/** `3 passed, 1 failed` in any order, each word with the number before it. */
const named = (line: string, names: { passed: string; failed: string; skipped: string }) => {
  const of = (name: string) =>
    [...line.matchAll(new RegExp(String.raw`(\d+) (?:${name})\b`, 'g'))].reduce(
      (sum, [, found]) => sum + number(found),
      0,
    );
  return { passed: of(names.passed), failed: of(names.failed), skipped: of(names.skipped) };
};

type Counts = Omit<TestCount, 'runner'>;

const sum = (counts: readonly Counts[]): Counts | undefined =>
  counts.length === 0
    ? undefined
    : counts.reduce((a, b) => ({
        passed: a.passed + b.passed,
        failed: a.failed + b.failed,
        skipped: a.skipped + b.skipped,
      }));

const lines = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([line]) => line);

const WORDS = { passed: 'passed', failed: 'failed', skipped: 'skipped|todo|pending' };

const RUNNERS: readonly Runner[] = [
  { runner: 'jest', count: (text) => sum(lines(text, /^Tests: {2,}.*\d+ total$/gm).map((line) => named(line, WORDS))) },
  { runner: 'vitest', count: (text) => sum(lines(text, /^ *Tests {2}.*\(\d+\)$/gm).map((line) => named(line, WORDS))) },
  {
    runner: 'mocha',
    count: (text) =>
      sum(
        [...text.matchAll(/^ {2}(\d+) passing \(.*\)(?:\n {2}(\d+) pending)?(?:\n {2}(\d+) failing)?/gm)].map(
          ([, ok, skip, bad]) => ({
            passed: number(ok),
            failed: number(bad),
            skipped: number(skip),
          }),
        ),
      ),
  },
  {
    runner: 'node:test',
    count: (text) =>
      sum(
        [
          ...text.matchAll(
            /^(?:#|ℹ) pass (\d+)\n(?:#|ℹ) fail (\d+)\n(?:#|ℹ) cancelled (\d+)\n(?:#|ℹ) skipped (\d+)\n(?:#|ℹ) todo (\d+)/gm,
          ),
        ].map(([, ok, bad, cancelled, skip, todo]) => ({
          passed: number(ok),
          failed: number(bad) + number(cancelled),
          skipped: number(skip) + number(todo),
        })),
      ),
  },
  {
    runner: 'pytest',
    count: (text) =>
      sum(
        lines(text, /^(?:=+ )?(?:\d+ \w+(?:, )?)+ in [\d.]+s.*$/gm).map((line) =>
          named(line, { passed: 'passed|xpassed', failed: 'failed|errors?', skipped: 'skipped|xfailed' }),
        ),
      ),
  },
  {
    runner: 'cargo',
    count: (text) =>
      sum(
        lines(text, /^test result: .*$/gm).map((line) =>
          named(line, { passed: 'passed', failed: 'failed', skipped: 'ignored' }),
        ),
      ),
  },
  {
    runner: 'go test',
    count: (text) => {
      const of = (word: string) => lines(text, new RegExp(String.raw`^ *--- ${word}: `, 'gm')).length;
      const packages = lines(text, /^(?:ok {2}|FAIL)\t\S+\t/gm).length;
      const counts = { passed: of('PASS'), failed: of('FAIL'), skipped: of('SKIP') };
      return packages === 0 ? undefined : counts.passed + counts.skipped + counts.failed > 0 ? counts : undefined;
    },
  },
];

/**
 * The tests that a command's output says it ran, for jest, vitest, mocha, node:test, pytest, cargo and `go test -v`.
 * Undefined where no summary is known: that is shown as «not counted», never taken for zero.
 */
export const countTests = (output: string): TestCount | undefined => {
  for (const { runner, count } of RUNNERS) {
    const found = count(output);
    if (found !== undefined) return { runner, ...found };
  }
  return undefined;
};
