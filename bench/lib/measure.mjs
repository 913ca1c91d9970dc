export const median = (values) => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

export const spread = (values) => ({
  median: median(values),
  min: Math.min(...values),
  max: Math.max(...values),
  runs: values.length,
});

/** Milliseconds that `work` takes. */
export const timed = async (work) => {
  const began = performance.now();
  await work();
  return performance.now() - began;
};

/**
 * Runs every contestant once per round, in turn, and turns the order round from one round to the next: what disturbs
 * the machine disturbs all. The first `warmUp` rounds do not count. No round begins after `seconds`, but three are always
 * run. Gives the numbers of each, in the order of rounds.
 */
export const interleaved = async (contestants, { rounds, warmUp = 0, seconds = Infinity, signal }) => {
  const names = Object.keys(contestants);
  const numbers = Object.fromEntries(names.map((name) => [name, []]));
  const began = performance.now();
  for (let round = -warmUp; round < rounds; round++) {
    if (round >= 3 && performance.now() - began > seconds * 1000) break;
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      signal?.throwIfAborted();
      globalThis.gc?.();
      const number = await contestants[name](round);
      if (round >= 0) numbers[name].push(number);
    }
  }
  return numbers;
};

/** Round by round: a over b. */
export const ratios = (a, b) => a.map((value, round) => value / b[round]);

/** A line of the table for what could not be measured here, with the reason. */
export const absent = (what, why) => ({ what, absent: why });

/** The rows of contestants: one with figures for each that was measured, one with the reason for each that was not. */
export const rowsOf = (numbers, absents, labels, unit) =>
  Object.entries(labels).map(([name, label]) =>
    name in absents ? absent(label, absents[name]) : row(label, unit, numbers[name]),
  );

/** Of so many contestants, the best number of each round, and who had the best median. */
export const fastestOf = (numbers, names, best = Math.max) => {
  const present = names.filter((name) => name in numbers);
  if (present.length === 0) return undefined;
  const values = numbers[present[0]].map((_, round) => best(...present.map((name) => numbers[name][round])));
  const medians = present.map((name) => median(numbers[name]));
  return { values, name: present[medians.indexOf(best(...medians))] };
};

/**
 * A line of the table. `goal` and `limit`: reached when the median is at most (or, with `atLeast`, at least)
 * the limit. Lines without a goal are there to compare with.
 */
export const row = (what, unit, values, { goal, limit, atLeast = false, note } = {}) => {
  const found = spread(values);
  const reached = limit === undefined ? undefined : atLeast ? found.median >= limit : found.median <= limit;
  return { what, unit, ...found, goal, reached, note, values };
};
