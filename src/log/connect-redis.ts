import { Redis } from 'ioredis';
import { HyperRunError } from '#contracts';
import type { RedisAddress } from './log.port.js';
import { describeRedis } from './redis-address.js';

const CONNECT_MS = 5000;
const FIRST_TRIES = 5;

/**
 * A client for commands that answer at once: it waits some seconds for a Redis that is away, then says so.
 * @throws HyperRunError `log.unavailable` when there is none at the start
 */
export const connectRedis = async (options: RedisAddress, onTrouble: (error: unknown) => void): Promise<Redis> => {
  let connected = false;
  let last: unknown;
  const redis = new Redis({
    ...options,
    lazyConnect: true,
    connectTimeout: CONNECT_MS,
    commandTimeout: CONNECT_MS,
    // A connection over which nothing passes any more is made anew.
    socketTimeout: CONNECT_MS / 2,
    maxRetriesPerRequest: 3,
    retryStrategy: (times) => (!connected && times > FIRST_TRIES ? null : Math.min(1000, 25 * 2 ** Math.min(times, 6))),
  });
  redis.on('error', (error) => {
    last = error;
    if (connected) onTrouble(error);
  });
  try {
    await redis.connect();
    await redis.ping();
    connected = true;
    return redis;
  } catch (cause) {
    redis.disconnect();
    throw unanswered(options, last ?? cause);
  }
};

const unanswered = (options: RedisAddress, cause: unknown) =>
  new HyperRunError(
    'log.unavailable',
    `Redis at ${describeRedis(options)} does not answer: ${cause instanceof Error ? cause.message : String(cause)}.`,
    {},
    'retry',
    { cause },
  );
