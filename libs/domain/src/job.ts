// A job of a sprint: to be done once, by a worker that claims it, and tried again when that worker is lost.
import { HyperRunError, type Instant, type WorkerId } from '#contracts';

export interface Claim {
  readonly worker: WorkerId;
  readonly attempt: number;
  readonly since: Instant;
}

/** How often it was tried, and who is at it. */
export interface Job {
  readonly attempts: number;
  readonly claim?: Claim;
}

interface ToldClaim {
  readonly time: Instant;
  readonly data: { readonly worker: WorkerId; readonly attempt: number };
}

export const claimedBy = ({ time, data: { worker, attempt } }: ToldClaim): Job => ({
  attempts: attempt,
  claim: { worker, attempt, since: time },
});

export const released = (job: Job): Job => ({ attempts: job.attempts });

/** Only who holds the job may say how it ended. */
export const holds = (job: Job, worker: WorkerId): boolean => job.claim?.worker === worker;

export const givenUp = (times: number): string =>
  `It was interrupted ${times} times in a row; the workers' output says why.`;

export const requireFree = (job: Job): void => {
  if (job.claim !== undefined) throw new HyperRunError('job.taken', `Worker ${job.claim.worker} is at it.`);
};
