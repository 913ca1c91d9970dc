import { isHyperRunError } from '#contracts';
import type { IntegrationFailure } from '#domain';
import { isLogAway } from '../log/log-away.port.js';

const nothingNamed = { conflicts: [], together: [], steps: [] };

/** Passed tasks do not become one branch, and it is no accident: tried again, it would end the same way. */
export class NotIntegrated extends Error {
  constructor(readonly failure: IntegrationFailure) {
    super(failure.reason);
    this.name = 'NotIntegrated';
  }

  static because(reason: string, named: Partial<IntegrationFailure> = {}): NotIntegrated {
    return new NotIntegrated({ ...nothingNamed, ...named, reason: reason.slice(0, 2000) });
  }

  /** What an error means: undefined for an accident. A tool that is missing or a branch that is taken is none. */
  static from(error: unknown): IntegrationFailure | undefined {
    if (error instanceof NotIntegrated) return error.failure;
    if (!isHyperRunError(error) || isLogAway(error) || error.code.startsWith('job.')) return undefined;
    return error.actor === 'operator' || error.actor === 'caller'
      ? NotIntegrated.because(error.message).failure
      : undefined;
  }
}
