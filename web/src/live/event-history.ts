import { useEffect, useSyncExternalStore } from 'react';
import type { Envelope } from '#contracts';
import { callSequence } from '../api/client.js';
import { parse } from '../api/parse.js';
import { firstWord, onEvents, onReset } from './present.js';
import { breath, nextFrame } from './store.js';
import { toSeen, type SeenEvent } from './told.js';

/** So long is worked without a pause while a long history is read, and so long it is not drawn. */
const SLICE_MS = 8;
const AT_ONCE = 32;
const DRAWN_EVERY_MS = 400;

/** What is made of events in the order of the log; what it knows already it passes over. */
export interface Timeline {
  readonly events: readonly SeenEvent[];
  add(events: readonly SeenEvent[]): void;
}

/** Which events belong to a history, where they are read, and what is made of them. */
export interface HistorySource<Story extends Timeline> {
  readonly path: string;
  readonly isMine: (event: SeenEvent) => boolean;
  readonly begin: () => Story;
}

/** The whole history of something: read in one answer, and kept up to date by the stream from then on. */
export class EventHistory<Story extends Timeline> {
  timeline: Story;
  revision = 0;
  loaded = false;
  error: unknown;
  readonly #listeners = new Set<() => void>();
  /** What came while the history is being read; when that failed, it will be in the answer of the next try. */
  #held: SeenEvent[] | undefined;
  #users = 0;
  #leave: (() => void) | undefined;
  #abort = new AbortController();

  constructor(
    readonly source: HistorySource<Story>,
    readonly onUnused: () => void,
  ) {
    this.timeline = source.begin();
  }

  /** Followed for as long as somebody looks. */
  use(): () => void {
    if (this.#users++ === 0) this.#begin();
    return () => {
      if (--this.#users === 0) this.#end();
    };
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
  getRevision = (): number => this.revision;

  retry = (): void => {
    this.#abort.abort();
    this.#load();
  };

  #begin(): void {
    const stopEvents = onEvents((events) => {
      if (events.some(({ type }) => type === 'event.redacted')) {
        // The log holds a text no more: what may show it goes at once, and the reset that follows reads all of it anew.
        this.timeline = this.source.begin();
        this.#changed();
        return;
      }
      const mine = events.filter(this.source.isMine);
      if (mine.length === 0) return;
      if (this.loaded) this.timeline.add(mine);
      else this.#held?.push(...mine);
      this.#changed();
    });
    const stopResets = onReset(this.retry);
    this.#leave = () => {
      stopEvents();
      stopResets();
    };
    this.#load();
  }

  #end(): void {
    this.#leave?.();
    this.#abort.abort();
    this.#held = undefined;
    this.loaded = false;
    this.onUnused();
  }

  #load(): void {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.#held = [];
    this.#read(signal).catch((error: unknown) => {
      if (signal.aborted) return;
      this.#held = undefined;
      this.error = error;
      this.#changed();
    });
  }

  /** One answer, read as it comes; the page stays alive meanwhile. */
  async #read(signal: AbortSignal): Promise<void> {
    this.loaded = false;
    this.error = undefined;
    const timeline = this.source.begin();
    let [rested, drawn] = [performance.now(), performance.now()];
    const { path } = this.source;
    const shows = firstWord.watch(path, () => !signal.aborted && this.retry());
    for await (const texts of callSequence(path, { signal, shows })) {
      signal.throwIfAborted();
      for (let from = 0; from < texts.length; from += AT_ONCE) {
        timeline.add(texts.slice(from, from + AT_ONCE).map((text) => toSeen(parse(text) as Envelope)));
        if (performance.now() - rested < SLICE_MS) continue;
        await breath();
        signal.throwIfAborted();
        rested = performance.now();
      }
      if (performance.now() - drawn < DRAWN_EVERY_MS) continue;
      drawn = performance.now();
      this.#show(timeline);
    }
    signal.throwIfAborted();
    timeline.add(this.#held ?? []);
    this.#held = undefined;
    this.timeline = timeline;
    this.loaded = true;
    this.#changed();
  }

  #show(timeline: Story): void {
    if (this.timeline.events.length <= timeline.events.length) this.timeline = timeline;
    this.#changed();
  }

  #changed(): void {
    nextFrame(this.#tell);
  }

  readonly #tell = (): void => {
    this.revision++;
    for (const listener of this.#listeners) listener();
  };
}

/** A way to follow histories by id, each read once however many parts of the page show it; drawn again when it grows. */
export const historiesOf = <Story extends Timeline>(sourceOf: (id: string) => HistorySource<Story>) => {
  const known = new Map<string, EventHistory<Story>>();
  const open = (id: string) => {
    const history = known.get(id) ?? new EventHistory(sourceOf(id), () => known.delete(id));
    known.set(id, history);
    return history;
  };
  return (id: string): EventHistory<Story> => {
    const history = open(id);
    useEffect(() => history.use(), [history]);
    useSyncExternalStore(history.subscribe, history.getRevision);
    return history;
  };
};
