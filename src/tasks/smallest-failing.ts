// Which of several things fail only together. Pure but for what it is given to try.

export interface Failing<T> {
  readonly items: readonly T[];
  /** None of them can be left out; false: the trials were used up before that was known. */
  readonly smallest: boolean;
}

/** Up to so many, each is left out by itself at once; of more, halves are tried first. */
const FEW = 4;

/**
 * A smallest part of what fails as a whole that still fails (delta debugging): leaves out halves, then quarters, … then one by
 * one, with at most `limit` trials. Takes for granted that what passes still passes with less. Alone is tried, too: what
 * passed once may fail by now.
 */
export const smallestFailing = async <T>(
  all: readonly T[],
  fails: (some: readonly T[]) => Promise<boolean>,
  limit: number,
): Promise<Failing<T>> => {
  let items = all;
  let trials = 0;
  for (let size = all.length > FEW ? Math.ceil(all.length / 2) : 1; ; size = Math.ceil(size / 2)) {
    for (let at = 0; at < items.length && size < items.length;) {
      if (trials === limit) return { items, smallest: false };
      trials += 1;
      const rest = items.toSpliced(at, size);
      if (await fails(rest)) items = rest;
      else at += size;
    }
    if (size === 1) return { items, smallest: true };
  }
};
