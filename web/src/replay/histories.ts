import { useEffect, useSyncExternalStore } from 'react';
import type { Envelope } from '#contracts';
import { call } from '../api/client.js';
import { onEvents, onReset } from '../live/present.js';
import { nextFrame } from '../live/store.js';
import { toSeen, type SeenEvent } from '../live/told.js';
import { SprintTimeline } from './moment.js';

interface HistoryPage {
  readonly items: readonly Envelope[];
  readonly next?: string;
}

/** The whole history of a sprint: read page by page, and kept up to date by the stream from then on. */
export class SprintHistory {
  timeline = new SprintTimeline();
  revision = 0;
  loaded = false;
  error: unknown;
  readonly #listeners = new Set<() => void>();
  #held: SeenEvent[] = [];
  #users = 0;
  #leave: (() => void) | undefined;
  #abort = new AbortController();

  constructor(readonly sprintId: string) {}

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
      const mine = events.filter(({ sprintId }) => sprintId === this.sprintId);
      if (mine.length === 0) return;
      if (this.loaded) this.timeline.add(mine);
      else this.#held.push(...mine);
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
    this.loaded = false;
    histories.delete(this.sprintId);
  }

  #load(): void {
    this.#abort = new AbortController();
    this.#read(this.#abort.signal).catch((error: unknown) => {
      if (this.#abort.signal.aborted) return;
      this.error = error;
      this.#changed();
    });
  }

  /** Pages are small, so that the page stays alive between them. */
  async #read(signal: AbortSignal): Promise<void> {
    this.loaded = false;
    this.error = undefined;
    const timeline = new SprintTimeline();
    for (let after: string | undefined; ;) {
      const from = after === undefined ? '' : `&after=${after}`;
      const page = await call<HistoryPage>(`/hyper-running/sprints/${this.sprintId}/events?limit=1000${from}`, {
        signal,
      });
      timeline.add(page.items.map(toSeen));
      if (this.timeline.events.length <= timeline.events.length) this.timeline = timeline;
      this.#changed();
      if (page.next === undefined) break;
      after = page.next;
    }
    timeline.add(this.#held);
    this.#held = [];
    this.timeline = timeline;
    this.loaded = true;
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

const histories = new Map<string, SprintHistory>();

/** The history of a sprint; drawn again whenever it grows. */
export const useHistory = (sprintId: string): SprintHistory => {
  const history = histories.get(sprintId) ?? new SprintHistory(sprintId);
  histories.set(sprintId, history);
  useEffect(() => history.use(), [history]);
  useSyncExternalStore(history.subscribe, history.getRevision);
  return history;
};
