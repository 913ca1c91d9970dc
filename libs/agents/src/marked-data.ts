import { randomBytes } from 'node:crypto';

/** Puts material between marks that nobody who wrote it can have known: one pair for each attempt. */
export class MarkedData {
  readonly #mark = randomBytes(6).toString('hex');
  readonly open = `<data ${this.#mark}>`;
  readonly close = `</data ${this.#mark}>`;

  /** What holds the mark all the same, because a model wrote it into a file, loses it. */
  wrap(text: string): string {
    return `${this.open}\n${text.replaceAll(this.#mark, '')}\n${this.close}`;
  }
}
