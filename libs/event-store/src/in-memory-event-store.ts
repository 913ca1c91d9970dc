import { randomBytes } from 'node:crypto';
import {
  SYSTEM_STREAM,
  type Epoch,
  type Position,
  type Recorded,
  type Sha256,
  type StreamName,
  type Version,
} from '#contracts';
import { headsOf, mayStandAlready, refusalOf, type Answer } from './answer.js';
import { commandHash } from './command-hash.js';
import { formatCursor, parseCursor } from './cursor.js';
import { isIn, NO_PARTS, without as leaveOut } from './archived-parts.js';
import { closed, corrupt, versionConflict } from './errors.js';
import type {
  Append,
  Appended,
  ArchivedPart,
  ArchivedParts,
  EventStore,
  FeedEntry,
  Redaction,
  StoredBytes,
  StreamHead,
} from './event-store.js';
import { LiveEntry, LoggedEntry } from './feed-entry.js';
import { follow, LiveTail } from './live-tail.js';
import { NO_ARCHIVE } from './no-archive.js';
import { prepare, type PreparedAppend, type PreparedWrite } from './prepare.js';
import { recordedBefore } from './recorded-before.js';
import { closeEnvelope, closeHeader, parseStored, toToday } from './record.js';

interface Stream {
  version: number;
  epoch: number;
  seq: number;
  /** Nothing where it was trimmed: it is in an archive. */
  readonly records: (StoredText | undefined)[];
}

interface StoredText {
  readonly header: string;
  readonly data: string;
  readonly redacted?: Sha256;
}

/** Twin of the Redis store for tests: same answers, same bytes, nothing is kept. */
export class InMemoryEventStore implements EventStore {
  readonly incarnation = randomBytes(5).toString('hex');
  readonly #streams = new Map<StreamName, Stream>();
  readonly #archived = new Map<StreamName, ArchivedPart>();
  readonly #feed: FeedEntry[] = [];
  readonly #tail = new LiveTail(0 as Position);
  #time = 0;
  #closed = false;

  /** @param clock milliseconds since 1970 */
  constructor(
    private readonly clock: () => number = Date.now,
    private readonly archive = NO_ARCHIVE,
  ) {
    const data = { incarnation: this.incarnation, reason: 'A new log was begun.' };
    this.#carryOut(
      prepare({
        commandId: `incarnation-${this.incarnation}`,
        commandHash: commandHash(data),
        actor: 'system',
        writes: [
          {
            stream: SYSTEM_STREAM,
            guard: { kind: 'exact', version: 0 as Version },
            events: [{ type: 'system.incarnation-started', data }],
          },
        ],
      }),
    );
  }

  async append(append: Append): Promise<Appended> {
    this.#check();
    const answer = this.#carryOut(prepare(append));
    const [code, position = 0] = answer;
    if (code === 0) return this.#appended(position as Position, headsOf(append, answer));
    const before = mayStandAlready(append, answer) ? await recordedBefore(append, this.#slice) : undefined;
    if (before !== undefined) return this.#appended(before.position, before.heads);
    throw refusalOf(append, answer);
  }

  async read(stream: StreamName, from = 1 as Version): Promise<Recorded[]> {
    this.#check();
    return this.#slice(stream, from, Infinity);
  }

  async *readBytes(stream: StreamName, from = 1 as Version): AsyncGenerator<StoredBytes> {
    this.#check();
    const part = this.#archived.get(stream);
    const kept = Math.max(from, (part?.to ?? 0) + 1);
    if (part !== undefined && kept > from) yield* this.archive.read(stream, part, from);
    const records = this.#streams.get(stream)?.records.slice(kept - 1) ?? [];
    for (const [index, record] of records.entries()) {
      const version = (kept + index) as Version;
      if (record === undefined) throw corrupt(stream, version, 'it is missing.');
      const digest = record.redacted === undefined ? {} : { redacted: record.redacted };
      yield { version, header: Buffer.from(record.header), data: Buffer.from(record.data), ...digest };
    }
  }

  async head(stream: StreamName): Promise<StreamHead> {
    this.#check();
    const { version, epoch } = this.#streams.get(stream) ?? { version: 0, epoch: 0 };
    return { stream, version: version as Version, epoch: epoch as Epoch };
  }

  async streams(category?: string): Promise<StreamName[]> {
    this.#check();
    return [...this.#streams.keys()].filter((name) => category === undefined || name.startsWith(`${category}-`));
  }

  async readAll(after: Position, limit: number, without = NO_PARTS): Promise<FeedEntry[]> {
    return this.#readAll(after, limit, without);
  }

  /** As the Redis store does it where the feed no longer reaches: what was trimmed comes from its archive. */
  async #readAll(after: Position, limit: number, without: ArchivedParts): Promise<FeedEntry[]> {
    this.#check();
    const entries: FeedEntry[] = [];
    for (const entry of this.#feed.slice(after, after + Math.min(limit, 1000))) {
      const { position, stream, version } = entry;
      const trimmed = isIn(this.#archived, stream, version) && !isIn(without, stream, version);
      const [record] = trimmed ? await this.#texts(stream, version, 1) : [];
      entries.push(
        record === undefined ? entry : new LoggedEntry(position, stream, version, record.header, record.data),
      );
    }
    return entries;
  }

  async top(): Promise<Position> {
    this.#check();
    return this.#feed.length as Position;
  }

  async *subscribe(after: Position, signal: AbortSignal, without = NO_PARTS): AsyncGenerator<readonly FeedEntry[]> {
    await this.positionOf(this.cursorOf(after));
    yield* leaveOut(
      follow(this.#tail, (position, limit) => this.#readAll(position, limit, without), after, signal),
      without,
    );
  }

  async archived(): Promise<ArchivedParts> {
    this.#check();
    return new Map(this.#archived);
  }

  async trim(parts: ArchivedParts): Promise<void> {
    this.#check();
    for (const [name, { to }] of parts) {
      const version = this.#streams.get(name)?.version ?? 0;
      if (version < to) throw versionConflict(name, to, version);
    }
    for (const [name, part] of parts) {
      if ((this.#archived.get(name)?.to ?? 0) > part.to) continue;
      this.#archived.set(name, part);
      this.#streams.get(name)?.records.fill(undefined, 0, part.to);
    }
  }

  cursorOf(position: Position): string {
    return formatCursor(this.incarnation, position);
  }

  async positionOf(cursor: string): Promise<Position> {
    return parseCursor(cursor, this.incarnation, () => this.top());
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#tail.fail(closed());
  }

  readonly #slice = async (stream: StreamName, from: Version, count: number): Promise<Recorded[]> =>
    (await this.#texts(stream, from, count)).map(({ header, data }, index) =>
      toToday(parseStored(stream, (from + index) as Version, header, data)),
    );

  async redact({ stream, version, position, digest, left }: Redaction): Promise<void> {
    this.#check();
    const records = this.#streams.get(stream)?.records;
    const record = records?.[version - 1];
    if (records === undefined || record === undefined || record.redacted !== undefined) return;
    records[version - 1] = { header: record.header, data: left, redacted: digest };
    this.#feed[position - 1] = new LoggedEntry(position, stream, version, record.header, left);
    this.forget();
  }

  forget(): void {
    this.#tail.forget();
  }

  async #texts(stream: StreamName, from: Version, count: number): Promise<StoredText[]> {
    const texts: StoredText[] = [];
    for await (const { header, data } of this.readBytes(stream, from)) {
      texts.push({ header: header.toString(), data: data.toString() });
      if (texts.length >= count) break;
    }
    return texts;
  }

  #appended(position: Position, heads: readonly StreamHead[]): Appended {
    return { position, cursor: this.cursorOf(position), heads };
  }

  /** As scripts/append.lua: every check, then every write. */
  #carryOut({ writes }: PreparedAppend): Answer {
    for (const [index, write] of writes.entries()) {
      const refused = refusal(this.#streams.get(write.stream), write);
      if (refused !== undefined) return [refused[0], index, refused[1]];
    }
    this.#time = Math.max(this.#time, this.clock());
    const added: FeedEntry[] = [];
    const heads = writes.flatMap((write) => this.#write(write, added));
    this.#feed.push(...added);
    this.#tail.push(added);
    return [0, this.#feed.length, ...heads];
  }

  #write({ stream: name, guard, raiseEpoch, events }: PreparedWrite, added: FeedEntry[]): [number, number] {
    const stream = this.#streams.get(name) ?? { version: 0, epoch: 0, seq: 0, records: [] };
    if (events.length > 0) this.#streams.set(name, stream);
    if (guard.kind === 'epoch') stream.seq = guard.seq;
    if (raiseEpoch) [stream.epoch, stream.seq] = [stream.epoch + 1, 0];
    for (const { header, data, envelope } of events) {
      stream.version++;
      const position = this.#feed.length + added.length + 1;
      const facts = { version: stream.version, position, time: this.#time, epoch: stream.epoch };
      stream.records.push({ header: closeHeader(header, facts), data });
      const json = closeEnvelope(envelope, data, facts);
      added.push(new LiveEntry(position as Position, name, stream.version as Version, json));
    }
    return [stream.version, stream.epoch];
  }

  #check(): void {
    if (this.#closed) throw closed();
  }
}

const NEW: Stream = { version: 0, epoch: 0, seq: 0, records: [] };

const refusal = (found: Stream | undefined, { guard }: PreparedWrite): [code: number, found: number] | undefined => {
  const { version, epoch, seq } = found ?? NEW;
  if (guard.kind === 'exact') return version === guard.version ? undefined : [1, version];
  if (epoch !== guard.epoch) return [2, epoch];
  return seq + 1 === guard.seq ? undefined : [3, seq];
};
