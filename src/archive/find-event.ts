import { HyperRunError } from '#contracts';
import type { EventStore, FeedEntry } from '#event-store';
import { lastUntil } from '../world/moment.port.js';
import { readable } from '../world/readable.port.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Between the making of an id and the append lie milliseconds; clocks of two machines may differ by more. */
const APART_MS = 600_000;

/** An id is a UUIDv7: its first 48 bits are milliseconds since 1970, so that the event is looked for where it must be. */
export const findEvent = async (store: EventStore, eventId: string): Promise<FeedEntry> => {
  const madeAt = UUID.test(eventId) ? Number.parseInt(eventId.replaceAll('-', '').slice(0, 12), 16) : 0;
  const until = await lastUntil(store, madeAt + APART_MS);
  for await (const entry of readable(store, await lastUntil(store, madeAt - APART_MS), until))
    if (entry.event.id === eventId) return entry;
  throw new HyperRunError('event.unknown', `There is no event "${eventId}" that can be read.`);
};
