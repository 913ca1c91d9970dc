import type { Limits } from './next.js';

/** The limits of a service that nobody has configured. */
export const limits: Limits = {
  stalledMs: 300_000,
  leaseCheckMs: 5000,
  pauseGraceMs: 10_000,
  answerMs: 86_400_000,
  unanswered: 'go-on',
  circuit: { failures: 3, windowMs: 300_000, openMs: 60_000 },
};
