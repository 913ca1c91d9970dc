import type { Position, Sha256, SprintId } from '#contracts';
import type { EventStore, FeedEntry } from '#event-store';
import { pageWithoutGone, type GoneParts } from '../world/readable.port.js';
import { isOpen, wants, type Filter } from './filter.js';
import { outlineOf } from './outline.js';

const PAGE = 1000;
/** So many events are looked through for one answer; a filter that lets few through goes on from where it ended. */
const MAX_SCANNED = 20_000;

type Store = Pick<EventStore, 'readAll' | 'archived'>;

/** Events of a sprint that stood here, and whose archive was let go of. */
export interface LeftOut {
  readonly sprintId: SprintId;
  readonly digest: Sha256;
  readonly events: number;
}

export interface HistoryPage {
  readonly entries: readonly FeedEntry[];
  /** What nobody can read any more; whether it would pass a filter for types or agents, nobody knows either. */
  readonly leftOut: readonly LeftOut[];
  /** All events up to here were returned or filtered out. */
  readonly upTo: Position;
}

/** What comes after a position and passes the filter, in order, at most `limit`. */
export const readHistory = async (
  store: Store,
  filter: Filter,
  after: Position,
  limit: number,
): Promise<HistoryPage> => {
  const entries: FeedEntry[] = [];
  const gone = new Gone(filter);
  let upTo = after;
  for (let scanned = 0; scanned < MAX_SCANNED; scanned += PAGE) {
    const page = await pageWithoutGone(store, upTo, PAGE, gone.parts);
    for (const entry of page) {
      upTo = entry.position;
      if (!gone.passes(entry)) continue;
      entries.push(entry);
      if (entries.length === limit) return { entries, leftOut: gone.leftOut, upTo };
    }
    if (page.length < PAGE) break;
  }
  return { entries, leftOut: gone.leftOut, upTo };
};

/** What of the pages that were read passes a filter, and what of it is not there any more. */
class Gone {
  readonly parts: GoneParts = new Map();
  readonly #leftOut = new Map<SprintId, LeftOut>();

  constructor(private readonly filter: Filter) {}

  get leftOut(): readonly LeftOut[] {
    return [...this.#leftOut.values()];
  }

  passes(entry: FeedEntry): boolean {
    const part = this.parts.get(entry.stream);
    if (part === undefined || entry.version > part.to) return wants(this.filter, outlineOf(entry));
    const { sprintId, digest } = part;
    if (this.filter.sprints.length > 0 && !this.filter.sprints.includes(sprintId)) return false;
    const events = (this.#leftOut.get(sprintId)?.events ?? 0) + 1;
    this.#leftOut.set(sprintId, { sprintId, digest, events });
    return false;
  }
}

export interface OlderPage extends Pick<HistoryPage, 'leftOut'> {
  readonly entries: readonly FeedEntry[];
  /** Of the events before the given position, all from here on were returned or filtered out. */
  readonly from: Position;
}

/** The newest events before a position that pass the filter, in the order of the log, at most `limit`. */
export const readBefore = async (store: Store, filter: Filter, before: Position, limit: number): Promise<OlderPage> => {
  const gone = new Gone(filter);
  const newestFirst: FeedEntry[] = [];
  let from: number = before;
  for (let scanned = 0; scanned < MAX_SCANNED && from > 1;) {
    const size = Math.min(from - 1, isOpen(filter) ? limit - newestFirst.length : PAGE);
    const page = await pageWithoutGone(store, (from - 1 - size) as Position, size, gone.parts);
    // Backwards, and no further than the answer goes: what is left out below it belongs to the next one.
    for (const entry of page.toReversed()) {
      if (!gone.passes(entry)) continue;
      newestFirst.push(entry);
      if (newestFirst.length === limit)
        return { entries: newestFirst.toReversed(), leftOut: gone.leftOut, from: entry.position };
    }
    from -= size;
    scanned += size;
  }
  return { entries: newestFirst.toReversed(), leftOut: gone.leftOut, from: from as Position };
};
