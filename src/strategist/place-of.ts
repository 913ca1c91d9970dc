import type { ScopeDecision } from '#workspace';
import type { Place } from './build-plan.js';

/** Where a path lies, by what a scope says to it. */
export const placeOf = (decision: ScopeDecision): Place => {
  if (decision.allowed) return 'inside';
  if (decision.rule === 'outside-scope') return 'outside';
  return decision.rule.startsWith('protected.') ? 'protected' : 'unnameable';
};
