import type {
  AgentId,
  AnyEvent,
  Envelope,
  Epoch,
  Position,
  Recorded,
  Sha256,
  SprintId,
  StreamName,
  Subjects,
  TaskId,
  Version,
} from '#contracts';

/**
 * What must hold of a stream for a write to it to happen.
 * `exact`: nobody wrote since the version that the decision was made on. For decisions.
 * `epoch`: the writer is still the one in charge; the log gives the version. `seq` counts the appends of that epoch,
 * 1, 2, 3 …: the last one sent again is answered as done, anything else out of order is refused.
 */
export type Guard =
  | { readonly kind: 'exact'; readonly version: Version }
  | { readonly kind: 'epoch'; readonly epoch: Epoch; readonly seq: number };

export interface StreamWrite {
  readonly stream: StreamName;
  readonly guard: Guard;
  /** With `exact` only: fences off whoever wrote under the epoch until now. The new epoch is the old one + 1. */
  readonly raiseEpoch?: boolean;
  readonly subjects?: Subjects;
  readonly events: readonly AnyEvent[];
}

/** One append: every write of it happens, or none. At most 256 events and 1 MiB. */
export interface Append {
  /** Made once by whoever decides; the same append is sent again under the same id. */
  readonly commandId: string;
  /** SHA-256 of the canonical body of the command. */
  readonly commandHash: string;
  readonly actor: string;
  readonly correlationId?: string;
  readonly causationId?: string;
  /** It may use the memory that is kept back: for decisions, which are few, and by which memory is freed. */
  readonly reserve?: boolean;
  /**
   * Each stream once. The first has at least one event; a further one at an `exact` version may have none, it is then
   * only checked.
   */
  readonly writes: readonly StreamWrite[];
}

export interface Appended {
  /** Position of the last event written; a reader that has seen it has seen all of this append. */
  readonly position: Position;
  /** As `position`, for clients. */
  readonly cursor: string;
  /** Version and epoch of each stream afterwards, in the order of the writes. */
  readonly heads: readonly StreamHead[];
}

export interface StreamHead {
  readonly stream: StreamName;
  readonly version: Version;
  readonly epoch: Epoch;
}

/** One event as it goes out: the bytes were serialised once, by whoever appended it. */
export interface FeedEntry {
  readonly position: Position;
  readonly stream: StreamName;
  readonly version: Version;
  /** The CloudEvents JSON on one line. */
  readonly json: string;
  /** `json` parsed, upcast to today's schema; parsed at first use. */
  readonly envelope: Envelope;
  /** The same as a record of the log, without what only the log keeps (`commandId`, `commandHash`, `epoch`). */
  readonly event: AnyEvent & {
    readonly id: string;
    readonly stream: StreamName;
    readonly version: Version;
    readonly position: Position;
    readonly time: number;
    readonly actor: string;
    readonly sprintId?: SprintId;
    readonly taskId?: TaskId;
    readonly agentId?: AgentId;
  };
}

/** Header and data exactly as the log holds them: what the seal and the export are made of. */
export interface StoredBytes {
  readonly version: Version;
  readonly header: Buffer;
  readonly data: Buffer;
  /** SHA-256 of the data that were sealed, where `data` is only what was left of them. */
  readonly redacted?: Sha256;
  /** Where the log has several partitions, of which each counts by itself in the header: the position in the log. */
  readonly position?: Position;
}

/** An event whose data are taken out of the log; the digest of them stays, so that the seal does. */
export interface Redaction {
  readonly stream: StreamName;
  readonly version: Version;
  readonly position: Position;
  /** SHA-256 of the data as they were stored. */
  readonly digest: Sha256;
  /** What is left of them: JSON of the same shape. */
  readonly left: string;
}

/** The beginning of a stream that no longer stands in the log itself, but in an archive. */
export interface ArchivedPart {
  /** Its last version. */
  readonly to: Version;
  /** SHA-256 of the archive, under which it is found. */
  readonly digest: Sha256;
  readonly sprintId: SprintId;
}

export type ArchivedParts = ReadonlyMap<StreamName, ArchivedPart>;

/** What stores read archived events through. */
export interface Archive {
  /**
   * The records of a stream from a version on, in order, up to the end of the archived part.
   * @throws HyperRunError `archive.missing`, `archive.damaged` (operator) {sprintId, digest}; never fewer records in silence
   */
  read(stream: StreamName, part: ArchivedPart, from: Version): AsyncIterable<StoredBytes>;
}

export interface EventStore {
  /**
   * Appends all or nothing. Safe to send again: an append whose first write already stands in the log under the same
   * commandId at that place is answered as done (`exact`: the conflict is resolved by looking; `epoch`: by its seq).
   * @throws HyperRunError `log.version-conflict` {stream, expected, actual} (retry), `log.epoch-over` {stream, epoch, current}
   *   (stop), `log.seq-refused`, `log.invalid-event`, `log.append-too-large` (caller),
   *   `command.id-reused` (caller), `log.full`, `log.disk-full` (operator), `log.outcome-unknown` (same command),
   *   `log.unavailable` (retry).
   */
  append(append: Append): Promise<Appended>;
  /** The events of a stream from a version on (default 1), in order. A missing version is `log.corrupt`. */
  read(stream: StreamName, from?: Version): Promise<Recorded[]>;
  /** The stored bytes of a stream, in order, for sealing and export. */
  readBytes(stream: StreamName, from?: Version): AsyncIterable<StoredBytes>;
  head(stream: StreamName): Promise<StreamHead>;
  /** Every stream there is, optionally of one category (`repository`, `sprint`, `task`, `agent`), in no order. */
  streams(category?: string): Promise<StreamName[]>;
  /**
   * Events after a position in the order of the log, at most `limit`; reaches back to the first event ever. At the places of
   * the parts in `without` stand entries that hold nothing, and their archives are not read.
   */
  readAll(after: Position, limit: number, without?: ArchivedParts): Promise<FeedEntry[]>;
  /** Position of the newest event, 0 when there is none. */
  top(): Promise<Position>;
  /**
   * Catches up from `after`, then follows live, in batches, without gap or repeat, until the signal aborts. The events of
   * the parts in `without` are left out, and their archives not read.
   */
  subscribe(after: Position, signal: AbortSignal, without?: ArchivedParts): AsyncIterable<readonly FeedEntry[]>;
  /** The streams whose beginning stands in an archive. */
  archived(): Promise<ArchivedParts>;
  /**
   * Lets go of the beginnings of streams, of all or of none: from here on they are read from the archive. Whoever calls has
   * read the archive back and compared it. Safe to send again; no stream is ever let go of to less than before.
   * @throws HyperRunError `log.version-conflict` when a stream is not that long
   */
  trim(parts: ArchivedParts): Promise<void>;
  /**
   * Puts what is left of an event in the place of its data, in the log and in what this store remembers; nothing else
   * changes. An event that stands in an archive is not touched there. Safe to send again. A log on disk holds the old bytes
   * until it is rewritten, which is asked for.
   */
  redact(redaction: Redaction): Promise<void>;
  /** Lets go of the newest events that are kept in memory: somebody else has redacted one. */
  forget(): void;
  /** Life of the log; part of every cursor. */
  readonly incarnation: string;
  /** `<incarnation>.<position>`, opaque to clients. */
  cursorOf(position: Position): string;
  /** @throws HyperRunError `cursor.invalid`, `cursor.other-incarnation`, `cursor.beyond-top` */
  positionOf(cursor: string): Promise<Position>;
  close(): Promise<void>;
}
