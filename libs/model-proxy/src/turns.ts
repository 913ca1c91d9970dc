/** Lets only so many in at once; the others wait in the order in which they came. */
export class Turns {
  readonly #waiting: (() => void)[] = [];
  #inside = 0;
  readonly #onEmpty: (() => void)[] = [];

  constructor(private readonly atOnce: number) {}

  /** Resolves with what ends the turn. */
  async take(): Promise<() => void> {
    if (this.#inside < this.atOnce) this.#inside++;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    let over = false;
    return () => {
      if (over) return;
      over = true;
      const next = this.#waiting.shift();
      if (next !== undefined) next();
      else if (--this.#inside === 0) for (const tell of this.#onEmpty.splice(0)) tell();
    };
  }

  /** Resolves when nobody is inside and nobody waits. */
  async empty(): Promise<void> {
    if (this.#inside > 0) await new Promise<void>((resolve) => this.#onEmpty.push(resolve));
  }
}
