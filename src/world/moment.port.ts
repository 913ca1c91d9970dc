import { HyperRunError, type Recorded } from '#contracts';
import type { EventStore } from '#event-store';

/** A place in the history: everything up to it is folded, nothing after. */
export type Moment = (event: Pick<Recorded, 'position' | 'time'>) => boolean;

/** RFC 3339: with seconds and an offset. Without one it would be read by the clock of whoever runs the service. */
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

/**
 * Reads `?at=`: a cursor of this log, or an RFC 3339 time.
 * @throws HyperRunError `cursor.invalid` and the other cursor errors of the store
 */
export const momentOf = async (store: EventStore, at: string): Promise<Moment> => {
  if (/^\d{4}-\d{2}-\d{2}T/.test(at)) {
    const time = TIME.test(at) ? Date.parse(at) : Number.NaN;
    if (Number.isNaN(time))
      throw new HyperRunError('cursor.invalid', `at: "${at}" is neither a cursor nor an RFC 3339 time.`);
    return (event) => event.time <= time;
  }
  const position = await store.positionOf(at);
  return (event) => event.position <= position;
};
