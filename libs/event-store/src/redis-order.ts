import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { isHyperRunError, type HyperRunError, type Position } from '#contracts';
import { connectReaders, disconnect, openWriter, silenceOf, type Readers } from './connections.js';
import { corrupt, unavailable } from './errors.js';
import { orderKeysOf, tagOf } from './keys.js';
import { holds, type LogMark } from './log-mark.js';
import { onDisk, shared } from './on-disk.js';
import { PartitionOrder } from './partition-order.js';
import type { RedisPlace } from './redis-client.js';
import { numberOf, type Entry } from './pointers.js';
import { ask, PAGE } from './redis-log.js';
import { BLOCK_MS } from './redis-tail.js';
import { scriptOf } from './script.js';

const PAUSE_AFTER_TROUBLE = 250;
const TRIES = 40;

export interface RedisOrderOptions {
  readonly redis: RedisPlace;
  readonly prefix: string;
  readonly partitions: number;
  readonly incarnation: string;
  readonly patience: number;
  /** As of a store: a place counts only when it is on disk, and on those of so many replicas. */
  readonly waitForDisk?: number;
  readonly onTrouble: (error: unknown) => void;
  /** The order is not, or no longer, the one that is known. */
  readonly onRewound: (found: LogMark) => HyperRunError;
}

interface Placing {
  last: number;
  readonly answer: Promise<number[]>;
}

/** The one order over the events of all partitions, as it stands in the first. */
export class RedisOrder {
  readonly known: PartitionOrder;
  /**
   * Resolves when every place that was given until now is on as many disks as it has to be; absent: there is nothing to wait for.
   * @throws HyperRunError `log.unavailable`, `log.rewound`
   */
  readonly safe?: () => Promise<void>;
  readonly #keys: ReturnType<typeof orderKeysOf>;
  readonly #connections: Readers & { readonly writer?: Redis };
  readonly #script = readFile(new URL('./scripts/sequence.lua', import.meta.url), 'utf8').then(scriptOf);
  readonly #placings = new Map<number, Placing>();
  #seen = 0;

  constructor(private readonly options: RedisOrderOptions) {
    this.known = new PartitionOrder(options.partitions);
    this.#keys = orderKeysOf(options.prefix);
    const { redis: place, patience, onTrouble, waitForDisk } = options;
    const target = { place, tag: tagOf(0), patience, onTrouble };
    this.#connections = connectReaders(target);
    if (waitForDisk !== undefined) {
      const silence = silenceOf(patience);
      const writer = openWriter(target, { commandTimeout: silence, socketTimeout: silence });
      this.#connections = { ...this.#connections, writer };
      this.safe = shared(() => this.#safe(writer, waitForDisk));
    }
    this.#reader.on('ready', () => void this.#checkAfterReconnect());
  }

  /** The last place that was given, as Redis has it now. */
  async top(): Promise<Position> {
    const top = Number((await ask(this.#reader.hget(this.#keys.reach, 'position'))) ?? 0) as Position;
    this.#seen = Math.max(this.#seen, top);
    return top;
  }

  /** Positions of the partitions up to which places were given. */
  async reached(): Promise<number[]> {
    const fields = Array.from({ length: this.options.partitions }, (_, partition) => `p${partition}`);
    return (await ask(this.#reader.hmget(this.#keys.reach, ...fields))).map((value) => Number(value ?? 0));
  }

  /**
   * The place of an event, and so of all before it in its partition: given now, unless it was given before.
   * @throws HyperRunError `log.unavailable`, `log.rewound`
   */
  async place(partition: number, position: number): Promise<Position> {
    const known = this.known.placeOf(partition, position);
    if (known !== undefined) return known as Position;
    const [place = 0, reached = 0, now = 0] = await this.#placing(partition, position);
    this.#seen = Math.max(this.#seen, now);
    if (reached < position) return (place + position - reached) as Position;
    await this.refresh();
    const given = this.known.placeOf(partition, position);
    if (given === undefined) throw corrupt('order', now, `event ${position} of partition ${partition} is not in it.`);
    return given as Position;
  }

  async #safe(redis: Redis, replicas: number): Promise<void> {
    const { patience, onTrouble } = this.options;
    const { text } = await this.#script;
    // Nothing to place: it only refuses when what was placed is not there any more.
    const first = () => redis.eval(text, ...this.#asking(0, 0));
    const wait = { redis, key: this.#keys.meta, replicas, timeoutMs: patience / 8, first };
    const end = Date.now() + patience;
    for (;;) {
      try {
        return await onDisk(wait);
      } catch (error) {
        const found = rewoundTo(error instanceof Error ? error.cause : undefined);
        if (found !== undefined) throw this.options.onRewound(found);
        if (redis.status === 'end' || Date.now() >= end)
          throw unavailable('what was written is not known to be on disk.', error);
        onTrouble(error);
        await delay(PAUSE_AFTER_TROUBLE);
      }
    }
  }

  /** Reads on: every place that was given before the call is known afterwards. */
  async refresh(): Promise<void> {
    for (;;) {
      const after = `(${this.known.top}-0`;
      const entries = await ask(this.#reader.xrange(this.#keys.order, after, '+', 'COUNT', PAGE));
      this.#take(entries);
      if (entries.length < PAGE) return;
    }
  }

  /**
   * Calls back after every change, until the connection is closed for good.
   * @throws HyperRunError `log.corrupt`
   */
  async follow(onChange: () => void): Promise<void> {
    const { follower } = this.#connections;
    while (follower.status !== 'end') {
      try {
        const id = `${this.known.top}-0`;
        const reply = await follower.xread('COUNT', PAGE, 'BLOCK', BLOCK_MS, 'STREAMS', this.#keys.order, id);
        this.#take(reply?.[0]?.[1] ?? []);
        onChange();
      } catch (error) {
        if (isHyperRunError(error)) throw error;
        if (this.#connections.follower.status === 'end') return;
        this.options.onTrouble(error);
        await delay(PAUSE_AFTER_TROUBLE);
      }
    }
  }

  close(): void {
    disconnect(this.#connections);
  }

  get #reader(): Redis {
    return this.#connections.reader;
  }

  /** What is asked for in one tick travels in one call: an event gets its place together with all before it. */
  #placing(partition: number, position: number): Promise<number[]> {
    const begun = this.#placings.get(partition);
    if (begun !== undefined) {
      begun.last = Math.max(begun.last, position);
      return begun.answer;
    }
    const placing: Placing = {
      last: position,
      answer: new Promise<void>((resolve) => process.nextTick(resolve)).then(() => {
        this.#placings.delete(partition);
        return this.#sequence(partition, placing.last);
      }),
    };
    this.#placings.set(partition, placing);
    return placing.answer;
  }

  #asking(partition: number, position: number) {
    const { reach, order, meta } = this.#keys;
    return [3, reach, order, meta, this.options.incarnation, this.#seen, partition, position] as const;
  }

  async #sequence(partition: number, position: number): Promise<number[]> {
    const { sha, text } = await this.#script;
    for (let tried = 1; ; tried++) {
      const args = this.#asking(partition, position);
      try {
        return (await this.#reader.evalsha(sha, ...args)) as number[];
      } catch (error) {
        const found = rewoundTo(error);
        if (found !== undefined) throw this.options.onRewound(found);
        const message = error instanceof Error ? error.message : '';
        if (message.startsWith('NOSCRIPT')) return (await ask(this.#reader.eval(text, ...args))) as number[];
        // Refused for a moment, as while the slot moves: it is harmless to say it again.
        if (tried === TRIES || !/^(TRYAGAIN|LOADING|BUSY|CLUSTERDOWN|MASTERDOWN) /.test(message))
          return ask(Promise.reject(error));
        await delay(PAUSE_AFTER_TROUBLE);
      }
    }
  }

  /** Places that were given and are no more would be given to other events. */
  async #checkAfterReconnect(): Promise<void> {
    const { incarnation, onTrouble, onRewound } = this.options;
    const known = { incarnation, position: this.#seen as Position };
    try {
      const { reach, meta } = this.#keys;
      const place = Number((await ask(this.#reader.hget(reach, 'position'))) ?? 0) as Position;
      const life = await ask(this.#reader.hget(meta, 'incarnation'));
      const found = { incarnation: life ?? '', position: place };
      if (!holds(found, known)) onRewound(found);
    } catch (error) {
      onTrouble(error);
    }
  }

  #take(entries: readonly Entry[]): void {
    for (const [id, [, partition, , count]] of entries) this.known.add(numberOf(id), Number(partition), Number(count));
    this.#seen = Math.max(this.#seen, this.known.top);
  }
}

/** As scripts/sequence.lua says it. */
const rewoundTo = (error: unknown): LogMark | undefined => {
  const [, incarnation, place] = /REWOUND (\S+) (\d+)/.exec(error instanceof Error ? error.message : '') ?? [];
  return incarnation === undefined ? undefined : { incarnation, position: Number(place) as Position };
};
