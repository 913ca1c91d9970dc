import { HyperRunError, type Position } from '#contracts';
import type { EventStore } from '#event-store';
import { readable } from './readable.port.js';

/** RFC 3339: with seconds and an offset. Without one it would be read by the clock of whoever runs the service. */
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

/** As events carry it. Of a log in another life it would be another moment: a cursor is refused there. */
const POSITION = /^\d{1,15}$/;

/**
 * Reads `?at=`: the position of the last event that had happened at a cursor of this log, at the position of an event of it,
 * or at an RFC 3339 time.
 * @throws HyperRunError `cursor.invalid` and the other cursor errors of the store
 */
export const momentOf = async (store: EventStore, at: string): Promise<Position> => {
  if (POSITION.test(at)) return store.positionOf(store.cursorOf(Number(at) as Position));
  if (!/^\d{4}-\d{2}-\d{2}T/.test(at)) return store.positionOf(at);
  const time = TIME.test(at) ? Date.parse(at) : Number.NaN;
  if (Number.isNaN(time))
    throw new HyperRunError('cursor.invalid', `at: "${at}" is neither a cursor, nor a position, nor an RFC 3339 time.`);
  return lastUntil(store, time);
};

/** The last event until a time that can be read. Times of the log never go back: halving it some twenty times finds the place. */
export const lastUntil = async (
  store: Pick<EventStore, 'readAll' | 'archived' | 'top'>,
  time: number,
): Promise<Position> => {
  let before: number = 0;
  let after = (await store.top()) + 1;
  while (after - before > 1) {
    const middle = (before + after) >> 1;
    const found = await readable(store, middle - 1, after - 1, 1).next();
    if (found.done !== true && found.value.event.time <= time) before = found.value.position;
    else after = middle;
  }
  return before as Position;
};
