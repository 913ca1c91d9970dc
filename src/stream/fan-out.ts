/**
 * For how long events are gathered after a pass over all clients. What a pass costs is one write per client, however
 * large: where passes are cheap nothing waits, where they are not a longer window means fewer of them, and lower latency.
 */
export const windowAfter = (passMs: number): number => (passMs < 2 ? 0 : Math.min(25, Math.max(5, passMs)));

/** Passes over all clients: the first at once, the next when the window of the one before is over. */
export class FanOut {
  #passMs = 0;
  #endedAt = -Infinity;
  #timer: NodeJS.Timeout | undefined;

  /** @param leastMs what is gathered at least, for what may be told less often */
  constructor(
    private readonly pass: () => void,
    private readonly leastMs = 0,
  ) {}

  /** How long the last pass took. */
  get passMs(): number {
    return this.#passMs;
  }

  get windowMs(): number {
    return Math.max(this.leastMs, windowAfter(this.#passMs));
  }

  /** There is something to tell. */
  ask(): void {
    if (this.#timer !== undefined) return;
    const wait = this.#endedAt + this.windowMs - performance.now();
    if (wait <= 0) this.#run();
    else this.#timer = setTimeout(() => this.#run(), wait);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #run(): void {
    this.stop();
    const began = performance.now();
    this.pass();
    this.#endedAt = performance.now();
    this.#passMs = this.#endedAt - began;
  }
}
