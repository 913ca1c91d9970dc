// A page reads before its stream says its first word: what happens in between, nobody tells it.

interface Unsure {
  /** How far the answer showed the log. */
  readonly shown: string | null;
  readonly again: () => void;
}

/** Knows from where on the stream tells, and has read again what was read before it did and may lack something. */
export class FirstWord {
  #cursor: string | undefined;
  readonly #unsure = new Map<string, Unsure>();

  /**
   * For a read that begins now, of which the last one under a name counts: what to tell it how far its answer shows the log.
   * `again` is called when the stream tells only what came later.
   */
  watch(name: string, again: () => void): ((shown: string | null) => void) | undefined {
    if (this.#cursor !== undefined) return undefined;
    return (shown) => {
      if (this.#cursor === undefined) this.#unsure.set(name, { shown, again });
      else if (shown !== this.#cursor) again();
    };
  }

  /** The stream tells everything after this cursor. Cursors are equal or not; which comes first, nobody here can tell. */
  hear(cursor: string): void {
    this.#cursor = cursor;
    for (const { shown, again } of this.#unsure.values()) if (shown !== cursor) again();
    this.#unsure.clear();
  }
}
