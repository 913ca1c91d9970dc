import type { Envelope } from '#contracts';
import { clean, tell, type Tone } from '#wording';
import { call } from '../api/client.js';
import { LineRing } from './line-ring.js';
import { nextFrame } from './store.js';
import { toSeen, type SeenEvent } from './told.js';

/** An event as a line of the terminal. What it says in full stands in `json`. */
export interface FeedLine {
  readonly id: string;
  readonly causationId?: string;
  readonly position: number;
  readonly time: number;
  readonly type: string;
  readonly tone: Tone;
  readonly text: string;
  readonly actor: string;
  readonly sprintId?: string;
  readonly taskId?: string;
  readonly agentId?: string;
  readonly json: string;
}

/** So many lines are kept; older ones are in the log, and are read when somebody scrolls there. */
export const FEED_LINES = 150_000;
const TEXT = 400;
const PAGE = 500;

const lineOf = (event: SeenEvent, json: string): FeedLine => {
  const [tone, text] = tell({ type: `hyperrun.${event.type}`, data: event.data });
  const { id, causationId, position, time, type, actor, sprintId, taskId, agentId } = event;
  return {
    id,
    causationId,
    position,
    time,
    type,
    tone,
    text: clean(text.length > TEXT ? `${text.slice(0, TEXT)}…` : text).replace(/\s+/g, ' '),
    actor,
    sprintId,
    taskId,
    agentId,
    json,
  };
};

/** Every event that this page has seen, in order, each once. */
export class Feed {
  readonly ring = new LineRing<FeedLine>(FEED_LINES);
  /** Changes whenever there is something new to show. */
  revision = 0;
  /** Whether the log has nothing older than the oldest line. */
  atBeginning = false;
  /** How many older events nobody can read any more: their archive was let go of. */
  leftOut = 0;
  readonly #listeners = new Set<() => void>();
  #loading: Promise<void> | undefined;
  /** How often it was broken off: what was asked for before belongs to what was let go of. */
  #turn = 0;
  /** Cursor of the oldest line that was read; empty: none was. */
  #before = '';

  add(event: SeenEvent, json: string): void {
    const newest = this.ring.at(this.ring.end - 1);
    if (newest === undefined || newest.position < event.position) this.ring.push(lineOf(event, json));
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  getRevision = (): number => this.revision;

  tell(): void {
    nextFrame(this.#tell);
  }

  readonly #tell = (): void => {
    this.revision++;
    for (const listener of this.#listeners) listener();
  };

  /** There is a gap: what was shown before it is let go of, so that no line stands beside one it does not follow. */
  breakOff(): void {
    this.#turn++;
    this.#loading = undefined;
    this.ring.clear();
    this.atBeginning = false;
    this.leftOut = 0;
    this.#before = '';
    this.tell();
  }

  /** Reads a page of what came before the oldest line. One at a time. */
  loadOlder(): Promise<void> {
    const turn = this.#turn;
    this.#loading ??= this.#load(turn).finally(() => {
      if (turn === this.#turn) this.#loading = undefined;
    });
    return this.#loading;
  }

  async #load(turn: number): Promise<void> {
    if (this.atBeginning || this.ring.size >= FEED_LINES) return;
    const page = await call<Older>(`/events?limit=${PAGE}&before=${encodeURIComponent(this.#before)}`);
    if (turn !== this.#turn) return;
    const reached = this.ring.at(this.ring.first)?.position ?? Number.POSITIVE_INFINITY;
    const older = page.items
      .map((envelope) => lineOf(toSeen(envelope), JSON.stringify(envelope)))
      .filter(({ position }) => position < reached);
    this.leftOut += (page.leftOut ?? []).reduce((sum, { events }) => sum + events, 0);
    this.atBeginning = page.previous === undefined;
    this.#before = page.previous ?? '';
    this.ring.unshift(older);
    this.tell();
  }
}

interface Older {
  readonly items: readonly Envelope[];
  readonly previous?: string;
  readonly leftOut?: readonly { readonly events: number }[];
}
