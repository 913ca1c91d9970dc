import { describe, expect, it } from '@jest/globals';
import type { StepResult } from '#contracts';
import { judgeSteps } from './judge-steps.js';

type Tests = NonNullable<StepResult['tests']>;

const step = (change: Partial<StepResult> = {}): StepResult => ({
  name: 'test',
  command: 'npm test',
  outcome: 'passed',
  exitCode: 0,
  durationMs: 1,
  output: { tail: '', bytes: 0 },
  ...change,
});
const green = (tests?: Tests) => step({ tests });
const red = (tests?: Tests, change: Partial<StepResult> = {}) =>
  step({ outcome: 'failed', exitCode: 1, tests, ...change });
const count = (passed: number, failed = 0, skipped = 0): Tests => ({ runner: 'node', passed, failed, skipped });
const passed = (...steps: StepResult[]) => ({ outcome: 'passed', steps }) as const;
const failed = (...steps: StepResult[]) => ({ outcome: 'failed', steps }) as const;

describe('a run of the verification', () => {
  it('is good enough when every command passed, and is not when one was left out', () => {
    expect(judgeSteps([step()], 1)).toBeUndefined();
    expect(judgeSteps([step()], 2)).toBe('Not every command was run.');
  });

  it('may run as many tests as the base or more, and not fewer', () => {
    const base = passed(green(count(3)));
    expect(judgeSteps([green(count(3))], 1, base)).toBeUndefined();
    expect(judgeSteps([green(count(4))], 1, base)).toBeUndefined();
    expect(judgeSteps([green(count(2))], 1, base)).toBe('"npm test" ran 2 tests; at the base it ran 3.');
  });

  it('may skip as many tests as the base or fewer, and not more', () => {
    const base = passed(green(count(3, 0, 1)));
    expect(judgeSteps([green(count(4, 0, 0))], 1, base)).toBeUndefined();
    expect(judgeSteps([green(count(3, 0, 1))], 1, base)).toBeUndefined();
    expect(judgeSteps([green(count(3, 0, 2))], 1, base)).toBe('"npm test" skipped 2 tests; at the base it skipped 1.');
  });

  it('has to say how many tests it ran where the base did, and only there', () => {
    const silent = [green()];
    expect(judgeSteps(silent, 1, passed(green(count(3))))).toBe(
      '"npm test" no longer says how many tests it ran; at the base it ran 3.',
    );
    expect(judgeSteps(silent, 1, passed(green()))).toBeUndefined();
    expect(judgeSteps([green(count(3))], 1, passed(green()))).toBeUndefined();
  });

  it('is compared command by command', () => {
    const lint = step({ command: 'npm run lint' });
    const base = passed(lint, green(count(3)));
    expect(judgeSteps([lint, green(count(3))], 2, base)).toBeUndefined();
    expect(judgeSteps([lint, green(count(1))], 2, base)).toBe('"npm test" ran 1 tests; at the base it ran 3.');
  });
});

describe('a run that fails', () => {
  it('is refused on a base that passed, and says what failed', () => {
    expect(judgeSteps([red(count(2, 1))], 1, passed(green(count(3))))).toBe(
      '"npm test" failed with exit code 1 (1 of 3 tests failed).',
    );
  });

  it('is accepted where the base was red and accepted, with as many failing tests or fewer, and not with more', () => {
    const base = failed(red(count(1, 2)));
    expect(judgeSteps([red(count(1, 2))], 1, base)).toBeUndefined();
    expect(judgeSteps([red(count(2, 1))], 1, base)).toBeUndefined();
    expect(judgeSteps([red(count(0, 3))], 1, base)).toContain('(3 of 3 tests failed)');
  });

  it('is refused on a red base when it ran fewer tests than that, even with fewer failing', () => {
    const base = failed(red(count(1, 2)));
    expect(judgeSteps([red(count(1, 1))], 1, base)).toBe('"npm test" ran 2 tests; at the base it ran 3.');
  });

  it('without counted tests is accepted on a red base with the same exit code, and not with another', () => {
    const base = failed(red());
    expect(judgeSteps([red()], 1, base)).toBeUndefined();
    expect(judgeSteps([red(undefined, { exitCode: 2 })], 1, base)).toBe('"npm test" failed with exit code 2.');
  });

  it('is refused on a red base when it fails in another way or at another command', () => {
    const lint = { command: 'npm run lint' };
    expect(judgeSteps([red(undefined, { outcome: 'timed-out' })], 1, failed(red()))).toContain('not done in time');
    expect(judgeSteps([red(undefined, lint)], 2, failed(step(lint), red()))).toContain('"npm run lint" failed');
    expect(judgeSteps([step(lint), red()], 2, failed(step(lint), red()))).toBeUndefined();
  });
});
