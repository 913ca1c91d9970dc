import { z } from 'zod';
import { eventSchemas, type AnyEvent, type Position, type StreamName } from '#contracts';
import { RedisEventStore } from '#event-store';
import { append, exact } from '../../libs/event-store/test/appends.js';

/** Appends to a stream an event as another version of the program might have appended it: of any type, with any data. */
export const appendForeign = async (socket: string, stream: string, type: string, data: string): Promise<Position> => {
  const store = await RedisEventStore.open({ redis: { path: socket }, mask: () => data });
  try {
    const guard = exact((await store.head(stream as StreamName)).version);
    const one = { type, data: null } as unknown as AnyEvent;
    const appended = known(type, () => store.append(append([{ stream: stream as StreamName, guard, events: [one] }])));
    return (await appended).position;
  } finally {
    await store.close();
  }
};

/** A type of event counts as known, with any data, for as long as it is checked: whoever reads it meanwhile does not know it. */
const known = <Result>(type: string, check: () => Result): Result => {
  const schemas = eventSchemas as Record<string, unknown>;
  const before = schemas[type];
  schemas[type] = z.unknown();
  try {
    return check();
  } finally {
    if (before === undefined) delete schemas[type];
    else schemas[type] = before;
  }
};
