import type { Position } from '#contracts';
import type { EventStore, FeedEntry } from '#event-store';
import { isOpen, wants, type Filter } from './filter.js';
import { outlineOf } from './outline.js';

const PAGE = 1000;
/** So many events are looked through for one answer; a filter that lets few through goes on from where it ended. */
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
      if (!wants(filter, outlineOf(entry))) continue;
      entries.push(entry);
      if (entries.length === limit) return { entries, upTo };
    }
    if (page.length < PAGE) break;
  }
  return { entries, upTo };
};

export interface OlderPage {
  readonly entries: readonly FeedEntry[];
  /** Of the events before the given position, all from here on were returned or filtered out. */
  readonly from: Position;
}

/** The newest events before a position that pass the filter, in the order of the log, at most `limit`. */
export const readBefore = async (
  store: Pick<EventStore, 'readAll'>,
  filter: Filter,
  before: Position,
  limit: number,
): Promise<OlderPage> => {
  let entries: readonly FeedEntry[] = [];
  let from: number = before;
  for (let scanned = 0; scanned < MAX_SCANNED && from > 1 && entries.length < limit;) {
    const missing = limit - entries.length;
    const size = Math.min(from - 1, isOpen(filter) ? missing : PAGE);
    const page = await store.readAll((from - 1 - size) as Position, size);
    const wanted = page.filter((entry) => wants(filter, outlineOf(entry)));
    const newest = wanted.slice(-missing);
    from = wanted.length > missing ? (newest[0]?.position ?? from) : from - size;
    entries = [...newest, ...entries];
    scanned += size;
  }
  return { entries, from: from as Position };
};
