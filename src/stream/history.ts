import type { Position } from '#contracts';
import type { EventStore, FeedEntry } from '#event-store';
import { wants, type Filter } from './filter.js';

const PAGE = 1000;
/** So many events are looked through for one answer; a filter that lets few through goes on from `next`. */
const MAX_SCANNED = 20_000;

export interface HistoryPage {
  readonly entries: readonly FeedEntry[];
  /** All events up to here were returned or filtered out. */
  readonly upTo: Position;
}

/** What comes after a position and passes the filter, in order, at most `limit`. */
export const readHistory = async (
  store: Pick<EventStore, 'readAll'>,
  filter: Filter,
  after: Position,
  limit: number,
): Promise<HistoryPage> => {
  const entries: FeedEntry[] = [];
  let upTo = after;
  for (let scanned = 0; scanned < MAX_SCANNED; scanned += PAGE) {
    const page = await store.readAll(upTo, PAGE);
    for (const entry of page) {
      upTo = entry.position;
      if (!wants(filter, entry.event)) continue;
      entries.push(entry);
      if (entries.length === limit) return { entries, upTo };
    }
    if (page.length < PAGE) break;
  }
  return { entries, upTo };
};
