import type { Redis } from 'ioredis';
import type { RedisPlace } from '#event-store';

/** Token of the `EventStore` of `#event-store`: the log. */
export const EVENT_STORE = Symbol('EVENT_STORE');

/** Token of a plain `Redis` client of ioredis, for what is not the log: statuses and leases. */
export const REDIS = Symbol('REDIS');

/** Token of `RedisConnection`: the Redis that this process works with. */
export const REDIS_CONNECTION = Symbol('REDIS_CONNECTION');

/** Token of `StatusWriter`. */
export const STATUS_WRITER = Symbol('STATUS_WRITER');

/** For scripts over the hash of one agent's status, wherever it lies: in a cluster not where the log does. */
export type StatusWriter = Pick<Redis, 'eval'>;

/** How a Redis is reached; nothing else. */
export type RedisAddress = RedisPlace;

export interface RedisConnection {
  readonly options: RedisAddress;
  /** For people: no password in it. */
  readonly description: string;
  readonly version: string;
  /** How long an acknowledged event lasts, in a word: `always`, `everysec` … or what speaks against it. */
  readonly durability: string;
  /** What of the acknowledged events a loss of power may take, in words. */
  readonly lossWindow: string;
  /** What was found to break the promise and was allowed all the same. */
  readonly weaknesses: readonly string[];
}
