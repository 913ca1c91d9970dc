import type { SeenEvent } from '../live/told.js';

/** How many events fall into each of `buckets` equal stretches of the time between the first and the last. */
export const density = (events: readonly Pick<SeenEvent, 'time'>[], buckets: number): readonly number[] => {
  const counts = Array.from({ length: buckets }, () => 0);
  const first = events[0]?.time ?? 0;
  const span = Math.max(1, (events.at(-1)?.time ?? 0) - first);
  for (const { time } of events) {
    const bucket = Math.min(buckets - 1, Math.floor(((time - first) / span) * buckets));
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
  return counts;
};
