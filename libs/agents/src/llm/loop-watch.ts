// A model that does the same again is told so before anybody has to stop it: see `../loop.ts`.
import { createHash } from 'node:crypto';
import { HyperRunError } from '#contracts';

const HINTED = 3;
const MOST_MALFORMED = 5;

const HINT =
  '\nYou have done exactly this before, with the same result. Do something else, or say that it cannot be done.';

export class LoopWatch {
  readonly #seen = new Map<string, number>();
  #malformed = 0;

  /** The answer, with a hint where the model repeats itself. */
  answered(tool: string, input: unknown, text: string): string {
    const key = createHash('sha256')
      .update(JSON.stringify([tool, input, text]))
      .digest('base64');
    const times = (this.#seen.get(key) ?? 0) + 1;
    this.#seen.set(key, times);
    return times >= HINTED ? text + HINT : text;
  }

  /** @throws HyperRunError agent.malformed-calls */
  turn({ calls, malformed }: { readonly calls: readonly unknown[]; readonly malformed: number }): void {
    this.#malformed = malformed > 0 && calls.length === 0 ? this.#malformed + 1 : 0;
    if (this.#malformed >= MOST_MALFORMED)
      throw new HyperRunError(
        'agent.malformed-calls',
        `${MOST_MALFORMED} times in a row it called no tool that exists, or none with input that fits.`,
      );
  }
}
