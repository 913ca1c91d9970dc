import type { Instant } from '#contracts';

/** How long after Redis could not be asked it is asked again. */
const RETRY_MS = 1000;
/** A timer is trusted for so long: the clock of Redis may be set meanwhile. */
const LONGEST_WAIT_MS = 60_000;

export interface TimeTerms {
  /** The time of the log, in milliseconds. */
  readonly now: () => Promise<Instant>;
  /** Called when a time has come that somebody asked for. */
  readonly onReached: () => void;
}

/** Whether times of the log have come, by the one clock that gives every event its time. Idle costs nothing. */
export class LogTime {
  /** It is at least so late. */
  #reached: Instant = 0;
  /** The next time that somebody waits for. */
  #next: Instant = Infinity;
  #timer?: NodeJS.Timeout;
  #asking = false;
  #stopped = false;

  constructor(private readonly terms: TimeTerms) {}

  /** Whether it is so late. If not, `onReached` is called once it is. */
  has(at: Instant): boolean {
    if (at <= this.#reached) return true;
    if (this.#stopped || at >= this.#next) return false;
    this.#next = at;
    void this.#ask();
    return false;
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  async #ask(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    clearTimeout(this.#timer);
    const now = await this.terms.now().catch(() => undefined);
    this.#asking = false;
    if (this.#stopped) return;
    if (now !== undefined) this.#reached = Math.max(this.#reached, now);
    if (this.#next <= this.#reached) {
      this.#next = Infinity;
      return this.terms.onReached();
    }
    const wait = now === undefined ? RETRY_MS : Math.min(LONGEST_WAIT_MS, this.#next - now);
    this.#timer = setTimeout(() => void this.#ask(), wait).unref();
  }
}
