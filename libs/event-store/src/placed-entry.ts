import type { Envelope, Position, StreamName, Version } from '#contracts';
import type { FeedEntry } from './event-store.js';

/** An event of a partition at its place in the order over all: its position, wherever it is told, is that place. */
export class PlacedEntry implements FeedEntry {
  readonly stream: StreamName;
  readonly version: Version;
  #json: string | undefined;
  #envelope: Envelope | undefined;
  #event: FeedEntry['event'] | undefined;

  constructor(
    readonly position: Position,
    private readonly entry: FeedEntry,
  ) {
    this.stream = entry.stream;
    this.version = entry.version;
  }

  /** The position is the last field, spliced in by whoever knew it. */
  get json(): string {
    const { json } = this.entry;
    return (this.#json ??= `${json.slice(0, json.lastIndexOf('"position":"'))}"position":"${this.position}"}`);
  }

  get envelope(): Envelope {
    return (this.#envelope ??= { ...this.entry.envelope, position: String(this.position) });
  }

  get event(): FeedEntry['event'] {
    return (this.#event ??= { ...this.entry.event, position: this.position });
  }
}
