import type { Recorded, StreamName, Version } from '#contracts';
import { toRecorded, type EventStore } from '#event-store';
import type { PageDto } from '../http/page.dto.js';
import { startOf, type Page } from '../http/page.js';

/** A page of a stream: `after` is a version, and neither what stands before it is read nor what comes after the page. */
export const streamPage = async (
  store: Pick<EventStore, 'head' | 'readBytes'>,
  stream: StreamName,
  page: PageDto,
): Promise<Page<Recorded>> => {
  const start = startOf(page);
  const end = start + page.limit;
  const { version } = await store.head(stream);
  const items: Recorded[] = [];
  for await (const bytes of store.readBytes(stream, (start + 1) as Version)) {
    items.push(toRecorded(stream, bytes));
    if (items.length === page.limit) break;
  }
  return { items, ...(end < version ? { next: String(end) } : {}) };
};
