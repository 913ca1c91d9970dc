import { Injectable, Logger } from '@nestjs/common';
import { isHyperRunError, type Position, type StreamName, type Version } from '#contracts';
import type { FeedEntry } from '#event-store';

/** An event that a projection could not take, and went on without. */
export interface ParkedEvent {
  readonly projection: string;
  readonly position: Position;
  readonly stream: StreamName;
  readonly version: Version;
  /** Absent where the event cannot be read: then the error says what stands there. */
  readonly type?: string;
  readonly error: string;
}

type Parked = Pick<FeedEntry, 'position' | 'stream' | 'version' | 'event'>;
type Listener = (parked: ParkedEvent) => void;

/** So many are kept to be shown; all are counted. */
const SHOWN = 100;

/** Whether it is the event itself that cannot be read. Whatever else goes wrong is not the fault of an event. */
export const isPoison = (error: unknown): boolean =>
  isHyperRunError(error, 'log.unknown-event') || isHyperRunError(error, 'log.corrupt');

/** The event of an entry, if this program can read it. */
export const readEvent = (
  entry: Pick<FeedEntry, 'event'>,
  onPoison: (error: unknown) => void = () => undefined,
): FeedEntry['event'] | undefined => {
  try {
    return entry.event;
  } catch (error) {
    if (!isPoison(error)) throw error;
    onPoison(error);
    return undefined;
  }
};

/**
 * Events of the log that this program cannot read or fold. Whoever shows something goes on without them; whoever decides
 * on their stream is refused, by name. They stay in the log: a program that knows them reads them at its next start.
 */
@Injectable()
export class ParkedEvents {
  readonly #logger = new Logger(ParkedEvents.name);
  readonly #shown: ParkedEvent[] = [];
  readonly #counts: Record<string, number> = {};
  readonly #listeners = new Set<Listener>();

  /** The first of them. */
  get shown(): readonly ParkedEvent[] {
    return this.#shown;
  }

  /** How many, by projection. */
  get counts(): Readonly<Record<string, number>> {
    return this.#counts;
  }

  get total(): number {
    return Object.values(this.#counts).reduce((sum, count) => sum + count, 0);
  }

  park(projection: string, entry: Parked, error: unknown): void {
    const { position, stream, version } = entry;
    const text = error instanceof Error ? error.message : String(error);
    const parked = { projection, position, stream, version, type: readEvent(entry)?.type, error: text };
    this.#counts[projection] = (this.#counts[projection] ?? 0) + 1;
    if (this.#shown.length < SHOWN) this.#shown.push(parked);
    this.#logger.error(`${projection} goes on without position ${position} (${stream} ${version}): ${text}`);
    for (const listener of this.#listeners) listener(parked);
  }

  /** Calls back with each one, also with those of before. */
  onParked(listener: Listener): () => void {
    this.#shown.forEach(listener);
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
