import { HyperRunError } from '#contracts';
import type { EventStore, FeedEntry } from '#event-store';
import { lastUntil } from '../world/moment.port.js';

const PAGE = 1000;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Between the making of an id and the append lie milliseconds; clocks of two machines may differ by more. */
const APART_MS = 600_000;

/** An id is a UUIDv7: its first 48 bits are milliseconds since 1970, so that the event is looked for where it must be. */
export const findEvent = async (store: EventStore, eventId: string): Promise<FeedEntry> => {
  const madeAt = UUID.test(eventId) ? Number.parseInt(eventId.replaceAll('-', '').slice(0, 12), 16) : 0;
  const until = await lastUntil(store, madeAt + APART_MS);
  for (let after = await lastUntil(store, madeAt - APART_MS); after < until;) {
    const page = await store.readAll(after, PAGE);
    const found = page.find(({ event }) => event.id === eventId);
    if (found !== undefined) return found;
    after = page.at(-1)?.position ?? until;
  }
  throw new HyperRunError('event.unknown', `There is no event "${eventId}".`);
};
