// Whether a run of the verification is good enough, measured by how the base did. Pure.
import type { EventData, StepResult } from '#contracts';
import { failureOf } from './tree-verification.js';

type Base = Pick<EventData<'sprint.base-verified'>, 'outcome' | 'steps'>;

/**
 * Why a run is not good enough; undefined when it is. A failure counts, unless a person accepted that the base has the
 * same one; and no command may run fewer tests than at the base, or skip more.
 */
export const judgeSteps = (steps: readonly StepResult[], commands: number, base?: Base): string | undefined => {
  const accepted = base !== undefined && base.outcome !== 'passed';
  const failure = failureOf(steps, commands);
  if (failure !== undefined && !(accepted && failsAsBefore(steps, base.steps))) return failure;
  return steps.map((step, index) => fewerTests(step, base?.steps[index])).find((reason) => reason !== undefined);
};

/** On a base that was red and accepted: the same command fails, with no more failing tests than before. */
const failsAsBefore = (steps: readonly StepResult[], base: readonly StepResult[]): boolean => {
  const now = steps.at(-1);
  const before = base.at(-1);
  if (now === undefined || before === undefined || steps.length !== base.length || now.command !== before.command)
    return false;
  if (now.outcome !== before.outcome) return false;
  if (now.tests === undefined || before.tests === undefined) return now.exitCode === before.exitCode;
  return now.tests.failed <= before.tests.failed;
};

const fewerTests = (step: StepResult, base: StepResult | undefined): string | undefined => {
  if (base?.tests === undefined) return undefined;
  if (step.tests === undefined)
    return `"${step.command}" no longer says how many tests it ran; at the base it ran ${ranOf(base.tests)}.`;
  if (step.tests.runner !== base.tests.runner)
    return `"${step.command}" was counted as ${step.tests.runner}; at the base as ${base.tests.runner}.`;
  if (ranOf(step.tests) < ranOf(base.tests))
    return `"${step.command}" ran ${ranOf(step.tests)} tests; at the base it ran ${ranOf(base.tests)}.`;
  if (step.tests.skipped > base.tests.skipped)
    return `"${step.command}" skipped ${step.tests.skipped} tests; at the base it skipped ${base.tests.skipped}.`;
  return undefined;
};

const ranOf = ({ passed, failed }: NonNullable<StepResult['tests']>): number => passed + failed;
