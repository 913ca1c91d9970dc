import { z } from 'zod';
import { eventSchemas, type AnyEvent, type Position, type StreamName } from '#contracts';
import { RedisEventStore } from '#event-store';
import { append, exact } from '../../libs/event-store/test/appends.js';

/** Appends to a stream an event as another version of the program might have appended it: of any type, with any data. */
export const appendForeign = async (socket: string, stream: string, type: string, data: string): Promise<Position> => {
  const schemas = eventSchemas as Record<string, unknown>;
  const isKnown = type in schemas;
  const before = schemas[type];
  schemas[type] = z.unknown();
  const store = await RedisEventStore.open({ redis: { path: socket }, mask: () => data });
  try {
    const guard = exact((await store.head(stream as StreamName)).version);
    const one = { type, data: null } as unknown as AnyEvent;
    return (await store.append(append([{ stream: stream as StreamName, guard, events: [one] }]))).position;
  } finally {
    await store.close();
    if (isKnown) schemas[type] = before;
    else delete schemas[type];
  }
};
