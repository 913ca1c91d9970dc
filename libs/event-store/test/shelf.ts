import { HyperRunError, type Sha256, type SprintId, type StreamName, type Version } from '#contracts';
import type { Archive, ArchivedPart, EventStore, StoredBytes } from '../src/event-store.js';

/** An archive in memory: what was put on it stays until it is burnt. */
export class Shelf implements Archive {
  readonly #streams = new Map<StreamName, readonly StoredBytes[]>();

  async *read(stream: StreamName, { digest }: ArchivedPart, from: Version): AsyncGenerator<StoredBytes> {
    const records = this.#streams.get(stream);
    if (records === undefined) throw new HyperRunError('archive.missing', 'It was burnt.', { digest }, 'operator');
    yield* records.slice(from - 1);
  }

  /** Keeps a stream as it is now; the log lets go of it. */
  async take(store: EventStore, stream: StreamName): Promise<void> {
    const records: StoredBytes[] = [];
    for await (const record of store.readBytes(stream)) records.push(record);
    this.#streams.set(stream, records);
    await store.trim(new Map([[stream, partOf(records.length)]]));
  }

  burn(): void {
    this.#streams.clear();
  }
}

export const partOf = (to: number): ArchivedPart => ({
  to: to as Version,
  digest: 'a'.repeat(64) as Sha256,
  sprintId: 's-1' as SprintId,
});
