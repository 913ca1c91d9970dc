// How far this browser's clock is from that of the log: times of events are Redis'.

export interface ClockReading {
  /** Milliseconds to add to this browser's clock to get that of the log. */
  readonly offset: number;
  /** The offset is this much too large or too small, at most. Half the time that the question took. */
  readonly uncertainty: number;
}

/** One question and its answer: asked and answered by this browser's clock, `told` by that of the log. */
export const readClock = (asked: number, told: number, answered: number): ClockReading => ({
  offset: told - (asked + answered) / 2,
  uncertainty: (answered - asked) / 2 + 1,
});

/** Of several readings the one that took least time: the tightest bound. */
export const bestReading = (readings: readonly ClockReading[]): ClockReading | undefined =>
  readings.reduce<ClockReading | undefined>(
    (best, each) => (best === undefined || each.uncertainty < best.uncertainty ? each : best),
    undefined,
  );

/** Nearest-rank percentile of numbers in any order. */
export const percentile = (values: readonly number[], share: number): number | undefined => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
};
