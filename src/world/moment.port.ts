import { HyperRunError, type Position } from '#contracts';
import type { EventStore } from '#event-store';

/** RFC 3339: with seconds and an offset. Without one it would be read by the clock of whoever runs the service. */
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

/**
 * Reads `?at=`: the position of the last event that had happened at a cursor of this log, or at an RFC 3339 time.
 * @throws HyperRunError `cursor.invalid` and the other cursor errors of the store
 */
export const momentOf = async (store: EventStore, at: string): Promise<Position> => {
  if (!/^\d{4}-\d{2}-\d{2}T/.test(at)) return store.positionOf(at);
  const time = TIME.test(at) ? Date.parse(at) : Number.NaN;
  if (Number.isNaN(time))
    throw new HyperRunError('cursor.invalid', `at: "${at}" is neither a cursor nor an RFC 3339 time.`);
  return lastUntil(store, time);
};

/** Times of the log never go back: halving the log some twenty times finds the place. */
export const lastUntil = async (store: Pick<EventStore, 'readAll' | 'top'>, time: number): Promise<Position> => {
  let before: number = 0;
  let after = (await store.top()) + 1;
  while (after - before > 1) {
    const middle = (before + after) >> 1;
    const [entry] = await store.readAll((middle - 1) as Position, 1);
    if (entry !== undefined && entry.event.time <= time) before = middle;
    else after = middle;
  }
  return before as Position;
};
