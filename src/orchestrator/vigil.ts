import type { Instant } from '#contracts';

/** A look that comes later than it was planned by more than this was slept through. */
const SLEPT_MS = 10_000;

export interface VigilTerms {
  /** A clock that only goes forward, in milliseconds; it may stand still while the machine sleeps. */
  readonly monotonic: () => number;
  /** How long a worker may take to be heard of again. */
  readonly leaseMs: number;
}

/**
 * Since when this process has watched without a break, by the clock of Redis. What was not seen is nobody's fault: while this
 * process was suspended, while the machine slept, while Redis could not be asked or its clock was set, workers could not be
 * heard of, and they may have slept as well.
 */
export class Vigil {
  #awakeSince?: Instant;
  /** Until then, a worker that is not heard of may only not have had the time. */
  #graceUntil: Instant = -Infinity;
  #last?: { readonly redis: Instant; readonly here: number };
  /** When the next look was to be at the latest, by the clock here. */
  #due = Infinity;
  #blind = false;

  constructor(private readonly terms: VigilTerms) {}

  /** Redis was asked for its time, and answered. */
  look(now: Instant): void {
    const here = this.terms.monotonic();
    const { redis, here: before } = this.#last ?? { redis: now, here };
    // The clock of a machine that slept has jumped; one that was set as well.
    const jumped = Math.abs(now - redis - (here - before)) > SLEPT_MS;
    const slept = here - this.#due > SLEPT_MS;
    if (this.#awakeSince === undefined) this.#awakeSince = now;
    else if (jumped || slept || this.#blind) {
      this.#awakeSince = now;
      this.#graceUntil = now + this.terms.leaseMs;
    }
    this.#last = { redis: now, here };
    this.#due = Infinity;
    this.#blind = false;
  }

  /** The next look is to be in so many milliseconds, or earlier. */
  planned(inMs: number): void {
    this.#due = Math.min(this.#due, this.terms.monotonic() + inMs);
  }

  /** Redis could not be asked. */
  lost(): void {
    this.#blind = true;
  }

  /** By the clock of Redis; the first look counts as the beginning. */
  get awakeSince(): Instant {
    return this.#awakeSince ?? -Infinity;
  }

  /** Whether workers that are not heard of are given time to be heard of again. */
  isLenient(now: Instant): boolean {
    return now < this.#graceUntil;
  }
}
