// What becomes of a task whose agent gets into trouble, and how long it is left alone before it is tried again.
import type { Trouble, TroublePolicy, Troubles } from '#contracts';
import { firstClosed, type Circuits } from './circuit.js';
import { fallbacksOf, mayBeTried, type Known } from './task-state.js';

/** What is done where neither the service nor the repository says otherwise. */
export const USUAL_TROUBLES: Required<Troubles> = {
  crashed: 'give-up',
  'no-change': 'give-up',
  stalled: 'ask',
  looping: 'ask',
  unavailable: 'retry',
};

export const policyFor = (trouble: Trouble, troubles: Troubles = USUAL_TROUBLES): TroublePolicy =>
  troubles[trouble] ?? USUAL_TROUBLES[trouble];

/** Who takes a task over, as long as it may be tried: one that gets work now before one that does not. */
export const nextAgentOf = (task: Known, circuits: Circuits): string | undefined => {
  const left = mayBeTried(task) ? fallbacksOf(task) : [];
  return firstClosed(left, circuits) ?? left[0];
};

const FIRST_MS = 2000;
const LONGEST_MS = 60_000;

/** After so many attempts that came to nothing: 2 s, 8 s, 32 s, then a minute each time. */
export const backoffMs = (attempts: number): number =>
  Math.min(LONGEST_MS, FIRST_MS * 4 ** Math.min(10, Math.max(0, attempts - 1)));
