import type { RedisOptions } from 'ioredis';

/** Token of the `EventStore` of `#event-store`: the log. */
export const EVENT_STORE = Symbol('EVENT_STORE');

/** Token of a plain `Redis` client of ioredis, for what is not the log: statuses and leases. */
export const REDIS = Symbol('REDIS');

/** Token of `RedisConnection`: the Redis that this process works with. */
export const REDIS_CONNECTION = Symbol('REDIS_CONNECTION');

/** How a client of ioredis reaches a Redis; nothing else. */
export type RedisAddress = Pick<RedisOptions, 'path' | 'host' | 'port' | 'username' | 'password' | 'db' | 'tls'>;

export interface RedisConnection {
  readonly options: RedisAddress;
  /** For people: no password in it. */
  readonly description: string;
  readonly version: string;
  /** How long an acknowledged event lasts, in a word: `always`, `everysec` … or what speaks against it. */
  readonly durability: string;
  /** What was found to break the promise and was allowed all the same. */
  readonly weaknesses: readonly string[];
}
