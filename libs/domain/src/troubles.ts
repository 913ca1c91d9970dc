// What becomes of a task whose agent gets into trouble, and how long it is left alone before it is tried again.
import type { Trouble, TroublePolicy, Troubles } from '#contracts';

/** What is done where neither the service nor the repository says otherwise. */
export const USUAL_TROUBLES: Troubles = {
  crashed: 'give-up',
  'no-change': 'give-up',
  stalled: 'ask',
  looping: 'ask',
};

export const policyFor = (trouble: Trouble, troubles: Troubles = USUAL_TROUBLES): TroublePolicy => troubles[trouble];

const FIRST_MS = 2000;
const LONGEST_MS = 60_000;

/** After so many attempts that came to nothing: 2 s, 8 s, 32 s, then a minute each time. */
export const backoffMs = (attempts: number): number =>
  Math.min(LONGEST_MS, FIRST_MS * 4 ** Math.min(10, Math.max(0, attempts - 1)));
