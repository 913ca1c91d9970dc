export interface ClockTerms {
  /** Whether there is work now. */
  readonly runs: () => boolean;
  /** Calls back when `runs` or `left` may have changed; returns how to stop that. */
  readonly onChange: (listener: () => void) => () => void;
  /** How much more work there may be after so much, in milliseconds. */
  readonly left: (workedMs: number) => number;
  /** Called when nothing is left; again at every change while that is so. */
  readonly onDue: () => void;
  /** When it aborts the clock is put away. */
  readonly until: AbortSignal;
}

/** Aborts after so many milliseconds of work. */
export const abortAfter = (ms: number, terms: Pick<ClockTerms, 'runs' | 'onChange' | 'until'>): AbortSignal => {
  const due = new AbortController();
  void new WorkClock({ ...terms, left: (workedMs) => ms - workedMs, onDue: () => due.abort() });
  return due.signal;
};

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Measures work, counting only while there is some. */
export class WorkClock {
  readonly #forget: () => void;
  #worked = 0;
  #since?: number;
  #timer?: NodeJS.Timeout;

  constructor(private readonly terms: ClockTerms) {
    this.#forget = terms.onChange(() => this.#look());
    terms.until.addEventListener('abort', () => this.#putAway(), { once: true });
    if (terms.until.aborted) this.#putAway();
    else this.#look();
  }

  get workedMs(): number {
    return this.#worked + (this.#since === undefined ? 0 : performance.now() - this.#since);
  }

  #look(): void {
    clearTimeout(this.#timer);
    if (!this.terms.runs()) return this.#stop();
    this.#since ??= performance.now();
    const left = this.terms.left(this.workedMs);
    if (left === Infinity) return;
    this.#timer = setTimeout(() => this.#due(), Math.min(LONGEST_TIMER_MS, Math.max(0, left))).unref();
  }

  #due(): void {
    if (this.terms.left(this.workedMs) > 0) this.#look();
    else this.terms.onDue();
  }

  #stop(): void {
    this.#worked = this.workedMs;
    this.#since = undefined;
  }

  #putAway(): void {
    this.#forget();
    clearTimeout(this.#timer);
    this.#stop();
  }
}
