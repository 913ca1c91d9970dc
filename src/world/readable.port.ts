import { isHyperRunError, type Position, type StreamName } from '#contracts';
import { isIn, type ArchivedPart, type ArchivedParts, type EventStore, type FeedEntry } from '#event-store';
import { readEvent } from './parked-events.port.js';

const PAGE = 1000;

/**
 * The events after a position and up to another one that can be read, in order: without those that this program does not
 * know, and without those whose archive was let go of.
 */
export async function* readable(
  store: Pick<EventStore, 'readAll' | 'archived'>,
  after: number,
  until: number,
  firstPage = PAGE,
): AsyncGenerator<FeedEntry> {
  const gone: GoneParts = new Map();
  let limit = firstPage;
  for (let at = after; at < until; limit = PAGE) {
    const page = await pageWithoutGone(store, at as Position, Math.min(limit, until - at), gone);
    for (const entry of page)
      if (!isIn(gone, entry.stream, entry.version) && readEvent(entry) !== undefined) yield entry;
    at = page.at(-1)?.position ?? until;
  }
}

/** Parts of streams whose archive was let go of, as far as somebody came upon them. */
export type GoneParts = Map<StreamName, ArchivedPart>;

/**
 * A page of the log as it can be read: at the places of what was let go of stand entries that hold nothing.
 * @param gone grows by what turns out to be let go of
 * @throws HyperRunError as `EventStore.readAll`, `archive.dropped` aside
 */
export const pageWithoutGone = async (
  store: Pick<EventStore, 'readAll' | 'archived'>,
  after: Position,
  limit: number,
  gone: GoneParts,
): Promise<FeedEntry[]> => {
  for (;;) {
    try {
      return await store.readAll(after, limit, gone);
    } catch (error) {
      if (!isHyperRunError(error, 'archive.dropped')) throw error;
      const more = partsIn(await store.archived(), error.details['digest']).filter(([stream]) => !gone.has(stream));
      if (more.length === 0) throw error;
      for (const [stream, part] of more) gone.set(stream, part);
    }
  }
};

const partsIn = (parts: ArchivedParts, digest: unknown) => [...parts].filter(([, part]) => part.digest === digest);
