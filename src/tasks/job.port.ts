import type { Instant, WorkerId } from '#contracts';
import type { World } from '#domain';

/** What a job is given of the worker that runs it. */
export interface JobContext {
  readonly worker: WorkerId;
  /** Number of the slot it runs in, unique among all living workers: `links-<slot>`. */
  readonly slot: number;
  /** Aborts when the worker shuts down. */
  readonly signal: AbortSignal;
}

/** Something to be done once, by whoever claims it first with an append. */
export interface Job {
  /** The same for the same piece of work. */
  readonly key: string;
  /** By the clock of the log; absent: at once. */
  readonly notBefore?: Instant;
  /** Claims and does it. A lost claim is no error. */
  run(context: JobContext): Promise<void>;
  /** Whether it only waits for a person now: it takes no part of what this worker can do at once. */
  waits?(world: World): boolean;
}

/** Finds the jobs of one kind. */
export interface JobSource {
  /** Those that nobody holds now. */
  jobs(world: World): readonly Job[];
  /**
   * Those that a worker holds by the log, under the same keys: carried out, each is given back. For what broke off while the
   * log was away, so that a claim was never heard of, or could not be given back.
   */
  held(world: World, worker: WorkerId): readonly Job[];
  /** Calls back when there may be others although the log told nothing; returns how to stop that. */
  onChange?(look: () => void): () => void;
}

/** Why such a job is given back. */
export const DROPPED = 'Its worker could not reach the log.';

export const JOB_SOURCES = Symbol('JOB_SOURCES');
