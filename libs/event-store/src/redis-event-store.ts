import { readFile } from 'node:fs/promises';
import {
  isHyperRunError,
  SYSTEM_STREAM,
  type HyperRunError,
  type Epoch,
  type Position,
  type Recorded,
  type StreamName,
  type Version,
} from '#contracts';
import { commandHash } from './command-hash.js';
import { connect, disconnect, silenceOf, type Connections } from './connections.js';
import { formatCursor, parseCursor } from './cursor.js';
import { NO_PARTS, without as leaveOut } from './archived-parts.js';
import { encodeAppends } from './encode-appends.js';
import { closed, outcomeUnknown, versionConflict } from './errors.js';
import type {
  Append,
  Appended,
  Archive,
  ArchivedParts,
  EventStore,
  FeedEntry,
  Redaction,
  StoredBytes,
  StreamHead,
} from './event-store.js';
import { NO_ARCHIVE } from './no-archive.js';
import { headsOf, mayStandAlready, refusalOf } from './answer.js';
import { GroupCommit } from './group-commit.js';
import { CHANNEL, DEFAULT_PREFIX, keysOf, tagOf, type Keys } from './keys.js';
import { follow, type LiveTail } from './live-tail.js';
import { holds, liveIncarnation, markIn, rewound, type LogMark } from './log-mark.js';
import { onDisk, requireWaiting } from './on-disk.js';
import { prepare, type Mask } from './prepare.js';
import { recordedBefore } from './recorded-before.js';
import { ask, RedisLog } from './redis-log.js';
import type { RedisPlace } from './redis-client.js';
import { startRedisTail, type RedisTail } from './redis-tail.js';
import { beyondTheLimit, evalBeyondTheLimit, scriptOf } from './script.js';

const PATIENCE_MS = 10_000;

export interface RedisEventStoreOptions {
  /** Where Redis is: options of ioredis (`{ path }` for a Unix socket, `sentinels` …), or nodes of a cluster. */
  readonly redis: RedisPlace;
  /** Stands before every key. Default `hyper:`. */
  readonly prefix?: string;
  /** Stands before the channel; default: the prefix when it is not the default one, else nothing. */
  readonly statusPrefix?: string;
  /** Number of newest events that the feed holds, about. Default 100,000. */
  readonly feedLength?: number;
  /** Which one of the partitions this is; the log begins in the first. Default 0. */
  readonly partition?: number;
  /** For how long an append or a read is tried while Redis does not answer, in milliseconds. Default 10,000. */
  readonly patience?: number;
  /**
   * An append is acknowledged only when Redis has it on disk, and so many replicas too (`WAITAOF`, Redis 7.2 or later).
   * Left out: as soon as Redis answers, which with `appendfsync always` means the same without replicas.
   */
  readonly waitForDisk?: number;
  /** Takes out of the data of each event what must not be stored. It must stay the JSON that it is. */
  readonly mask?: Mask;
  /** Where the archived beginnings of streams are read. */
  readonly archive?: Archive;
  /** How far the log is known to have got. One that is behind it is refused… */
  readonly known?: LogMark;
  /** …unless this is the word that the refusal named: it goes on from where it is, in a new life. */
  readonly accepted?: string;
  /** Told how far the log has got, after each append of this process. */
  readonly onAcknowledged?: (mark: LogMark) => void;
  /** Told of what does not fail a call: lost connections, and a log that was replaced by an older one. */
  readonly onTrouble?: (error: unknown) => void;
}

/** The log on Redis Streams. See the port for what it guarantees, and scripts/append.lua for how it appends. */
export class RedisEventStore implements EventStore {
  readonly #log: RedisLog;
  readonly #appends: GroupCommit;
  #tail: Promise<LiveTail> | undefined;
  #live: RedisTail | undefined;
  #seen = 0;
  #failure: HyperRunError | undefined;
  #closed = false;

  private constructor(
    private readonly connections: Connections,
    private readonly keys: Keys,
    appends: GroupCommit,
    readonly incarnation: string,
    private readonly onTrouble: (error: unknown) => void,
    private readonly options: Pick<RedisEventStoreOptions, 'archive' | 'mask' | 'onAcknowledged' | 'patience'>,
    private readonly scripts: Readonly<Record<'trim' | 'redact', string>>,
  ) {
    this.#log = new RedisLog(connections.reader, keys, options.archive ?? NO_ARCHIVE);
    this.#appends = appends;
    connections.reader.on('ready', () => void this.#checkAfterReconnect());
  }

  /**
   * Connects, and begins the log if there is none: its incarnation, and `system.incarnation-started`, exactly once.
   * @throws HyperRunError `log.unavailable`, `log.rewound`, `redis.cannot-wait`
   */
  static async open(options: RedisEventStoreOptions): Promise<RedisEventStore> {
    const prefix = options.prefix ?? DEFAULT_PREFIX;
    const partition = options.partition ?? 0;
    const keys = keysOf(prefix, partition);
    const channel = (options.statusPrefix ?? (prefix === DEFAULT_PREFIX ? '' : prefix)) + CHANNEL;
    const onTrouble = options.onTrouble ?? (() => undefined);
    const patience = options.patience ?? PATIENCE_MS;
    const [text, trim, redact] = await Promise.all([scriptText('append'), scriptText('trim'), scriptText('redact')]);
    const connections = connect({ place: options.redis, tag: tagOf(partition), patience, onTrouble });
    try {
      const { waitForDisk: replicas } = options;
      if (replicas !== undefined) await requireWaiting(connections.reader);
      const wait = { redis: connections.writer, key: keys.meta, replicas: replicas ?? 0, timeoutMs: patience / 8 };
      const incarnation = await liveIncarnation(connections.reader, keys, options.known, options.accepted);
      const terms = { channel, feedLength: options.feedLength ?? 100_000 };
      const appends = new GroupCommit({
        redis: connections.writer,
        script: scriptOf(text),
        reserve: scriptOf(beyondTheLimit(text)),
        ...(replicas === undefined ? {} : { safe: () => onDisk(wait) }),
        encode: (prepared) => encodeAppends(prepared, keys, { ...terms, known: store.#reached() }),
        patience,
        onRewound: (found) => store.#fail(found),
      });
      const store: RedisEventStore = new RedisEventStore(connections, keys, appends, incarnation, onTrouble, options, {
        trim,
        redact,
      });
      if (partition === 0) await store.#begin();
      return store;
    } catch (error) {
      disconnect(connections);
      throw error;
    }
  }

  async append(append: Append): Promise<Appended> {
    this.#check();
    const answer = await this.#appends.submit(prepare(append, this.options.mask));
    const [code, value = 0] = answer;
    if (code === 0) return this.#appended(value as Position, headsOf(append, answer));
    const before = mayStandAlready(append, answer) ? await this.#recordedBefore(append) : undefined;
    if (before !== undefined) return this.#appended(before.position, before.heads);
    throw refusalOf(append, answer);
  }

  async read(stream: StreamName, from = 1 as Version): Promise<Recorded[]> {
    this.#check();
    return this.#log.read(stream, from);
  }

  async *readBytes(stream: StreamName, from = 1 as Version): AsyncGenerator<StoredBytes> {
    this.#check();
    yield* this.#log.readBytes(stream, from);
  }

  async head(stream: StreamName): Promise<StreamHead> {
    this.#check();
    const [version, epoch] = await ask(this.connections.reader.hmget(this.keys.head(stream), 'v', 'e'));
    return { stream, version: Number(version ?? 0) as Version, epoch: Number(epoch ?? 0) as Epoch };
  }

  async streams(category?: string): Promise<StreamName[]> {
    this.#check();
    const names = await ask(this.connections.reader.smembers(this.keys.catalogue));
    return names.filter((name) => category === undefined || name.startsWith(`${category}-`)) as StreamName[];
  }

  /** @param without what of it need not be read: at its places stand entries that hold nothing */
  async readAll(after: Position, limit: number, without = NO_PARTS): Promise<FeedEntry[]> {
    this.#check();
    return this.#log.readAll(after, limit, without);
  }

  async top(): Promise<Position> {
    this.#check();
    const top = await this.#log.top();
    this.#saw(top);
    return top;
  }

  async *subscribe(after: Position, signal: AbortSignal, without = NO_PARTS): AsyncGenerator<readonly FeedEntry[]> {
    this.#check();
    await this.positionOf(this.cursorOf(after));
    this.#tail ??= this.#startTail();
    const tail = await this.#tail;
    const read = (position: Position, limit: number) => {
      this.#check();
      return this.#log.readAll(position, limit, without);
    };
    yield* leaveOut(follow(tail, read, after, signal), without);
  }

  async archived(): Promise<ArchivedParts> {
    this.#check();
    return this.#log.archived();
  }

  async trim(parts: ArchivedParts): Promise<void> {
    this.#check();
    const names = [...parts.keys()];
    const keys = [this.keys.archives, ...names.flatMap((name) => [this.keys.head(name), this.keys.log(name)])];
    const args = [...parts].flatMap(([name, { to, digest, sprintId }]) => [name, to, digest, sprintId]);
    const answer = await ask(evalBeyondTheLimit(this.connections.reader, this.scripts.trim, keys, args));
    const [number, version = 0] = answer as number[];
    const short = number === undefined ? undefined : names[number - 1];
    if (short !== undefined) throw versionConflict(short, parts.get(short)?.to ?? (0 as Version), version);
  }

  async redact({ stream, version, position, digest, left }: Redaction): Promise<void> {
    this.#check();
    const { reader } = this.connections;
    const keys = [this.keys.log(stream), this.keys.anew(stream), this.keys.feed];
    const args = [`${version}-0`, digest, left, `${position}-0`];
    await ask(evalBeyondTheLimit(reader, this.scripts.redact, keys, args));
    this.forget();
    // The bytes of before stand in the append-only file until it is rewritten. Redis may be at it, or not be allowed to.
    await reader.bgrewriteaof().catch(this.onTrouble);
  }

  forget(): void {
    this.#live?.tail.forget();
  }

  cursorOf(position: Position): string {
    return formatCursor(this.incarnation, position);
  }

  async positionOf(cursor: string): Promise<Position> {
    this.#check();
    return parseCursor(cursor, this.incarnation, (position) => {
      const known = this.#known();
      return position <= known ? known : this.top();
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#appends.close();
    const tail = await this.#tail?.catch(() => undefined);
    disconnect(this.connections);
    tail?.fail(closed());
  }

  readonly #slice = (stream: StreamName, from: Version, count: number) => this.#log.read(stream, from, count);

  /** It may stand there: that the log cannot be read at present must not be told as if nothing had been written. */
  async #recordedBefore(append: Append) {
    try {
      return await recordedBefore(append, this.#slice);
    } catch (error) {
      throw isHyperRunError(error, 'log.unavailable') ? outcomeUnknown(append.commandId, error) : error;
    }
  }

  #appended(position: Position, heads: readonly StreamHead[]): Appended {
    this.#saw(position);
    this.options.onAcknowledged?.({ incarnation: this.incarnation, position });
    return { position, cursor: this.cursorOf(position), heads };
  }

  async #startTail(): Promise<LiveTail> {
    try {
      const top = await this.top();
      const { follower: redis } = this.connections;
      const { feed } = this.keys;
      const silence = silenceOf(this.options.patience ?? PATIENCE_MS);
      this.#live = startRedisTail({ redis, feed, top, silence, onTrouble: this.onTrouble });
      if (this.#failure !== undefined) this.#live.tail.fail(this.#failure);
      return this.#live.tail;
    } catch (error) {
      this.#tail = undefined;
      throw error;
    }
  }

  #saw(position: Position): void {
    this.#seen = Math.max(this.#seen, position);
    this.#live?.expect(position);
  }

  /** Position of the newest event that this process knows to stand in the log. */
  #known(): Position {
    return Math.max(this.#seen, this.#live?.tail.position ?? 0) as Position;
  }

  /** Every opener tries; the command id is that of the incarnation, so that one append stands in the log. */
  async #begin(): Promise<void> {
    const { incarnation } = this;
    let version = 0;
    let last: string | undefined;
    // As it is stored: what this program does not know among it is no reason not to start.
    for await (const record of this.readBytes(SYSTEM_STREAM)) {
      version = record.version;
      last = incarnationIn(record) ?? last;
    }
    if (last === incarnation) return;
    const reason = last === undefined ? 'A new log was begun.' : 'It lost events, and goes on at the operator’s word.';
    await this.append({
      commandId: `incarnation-${incarnation}`,
      commandHash: commandHash({ incarnation }),
      actor: 'system',
      writes: [
        {
          stream: SYSTEM_STREAM,
          guard: { kind: 'exact', version: version as Version },
          events: [{ type: 'system.incarnation-started', data: { incarnation, reason } }],
        },
      ],
    });
  }

  #reached(): LogMark {
    return { incarnation: this.incarnation, position: this.#known() };
  }

  /** A log that came back older than what was seen of it is not the same log: nothing may go on. */
  async #checkAfterReconnect(): Promise<void> {
    const known = this.#reached();
    try {
      const found = await markIn(this.connections.reader, this.keys);
      if (!holds(found, known)) this.#fail(found);
    } catch (error) {
      this.onTrouble(error);
    }
  }

  #fail(found: LogMark | undefined): HyperRunError {
    if (this.#failure !== undefined) return this.#failure;
    const failure = (this.#failure = rewound(this.#reached(), found));
    this.onTrouble(failure);
    this.#live?.tail.fail(failure);
    return failure;
  }

  #check(): void {
    if (this.#closed) throw closed();
    if (this.#failure !== undefined) throw this.#failure;
  }
}

const incarnationIn = ({ header, data }: StoredBytes): string | undefined => {
  const { type } = JSON.parse(header.toString()) as Partial<Recorded>;
  if (type !== 'system.incarnation-started') return undefined;
  return (JSON.parse(data.toString()) as { readonly incarnation?: string }).incarnation;
};

const scriptText = (name: string): Promise<string> =>
  readFile(new URL(`./scripts/${name}.lua`, import.meta.url), 'utf8');
