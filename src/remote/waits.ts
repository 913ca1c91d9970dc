/** Whoever waits more often at once has given up on the others. */
const MOST_WAITS = 20;

/** Those that wait for the same. A few: of more, the one that has waited longest waits no more, and nothing of it is kept. */
export class Waits {
  readonly #wakes = new Set<() => void>();

  get size(): number {
    return this.#wakes.size;
  }

  /** Resolves when it is woken, or after so many milliseconds. */
  async wait(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    let wake = (): void => undefined;
    await new Promise<void>((resolve) => {
      wake = resolve;
      this.#wakes.add(wake);
      timer = setTimeout(resolve, ms);
      const [oldest] = this.#wakes;
      if (this.size > MOST_WAITS && oldest !== undefined) this.#end(oldest);
    });
    clearTimeout(timer);
    this.#wakes.delete(wake);
  }

  wake(): void {
    for (const wake of this.#wakes) this.#end(wake);
  }

  #end(wake: () => void): void {
    this.#wakes.delete(wake);
    wake();
  }
}
