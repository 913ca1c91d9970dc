import type { Recorded, StreamName, Version } from '#contracts';
import { toRecorded, type EventStore } from '#event-store';
import type { PageDto } from '../http/page.dto.js';
import { startOf, type Page } from '../http/page.js';

/** A page of a stream: `after` is a version, and what stands before it is not read. */
export const streamPage = async (
  store: Pick<EventStore, 'readBytes'>,
  stream: StreamName,
  page: PageDto,
): Promise<Page<Recorded>> => {
  const start = startOf(page);
  const items: Recorded[] = [];
  for await (const bytes of store.readBytes(stream, (start + 1) as Version)) {
    if (items.length === page.limit) return { items, next: String(start + page.limit) };
    items.push(toRecorded(stream, bytes));
  }
  return { items };
};
