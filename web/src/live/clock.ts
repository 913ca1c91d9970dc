// How far this browser's clock is from that of the log: times of events are Redis'.

export interface ClockReading {
  /** Milliseconds to add to this browser's clock to get that of the log. */
  readonly offset: number;
  /** The offset is this much too large or too small, at most. Half the time that the question took. */
  readonly uncertainty: number;
}

/** `GET /health/clock`: the service's time, and how far ahead of it Redis' is. */
export interface ClockAnswer {
  readonly serverTime: string;
  readonly redisClock: { readonly offsetMs: number; readonly uncertaintyMs: number };
}

/**
 * One question and its answer, `asked` and `answered` by this browser's clock. The service told its time somewhere in
 * between, in whole milliseconds.
 */
export const readClock = (asked: number, { serverTime, redisClock }: ClockAnswer, answered: number): ClockReading => ({
  offset: Date.parse(serverTime) + 0.5 + redisClock.offsetMs - (asked + answered) / 2,
  uncertainty: (answered - asked) / 2 + 0.5 + redisClock.uncertaintyMs,
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
