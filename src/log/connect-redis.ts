import { Cluster, type Redis } from 'ioredis';
import { HyperRunError } from '#contracts';
import { openRedis, tagOf } from '#event-store';
import type { RedisAddress } from './log.port.js';
import { describeRedis } from './redis-address.js';

const CONNECT_MS = 5000;
const FIRST_TRIES = 5;

/**
 * A client for commands that answer at once, on keys of the first partition: it waits some seconds for a Redis that is away, then says so.
 * @param connectionName as `CLIENT LIST` shows it
 * @throws HyperRunError `log.unavailable` when there is none at the start
 */
export const connectRedis = async (
  options: RedisAddress,
  connectionName: string,
  onTrouble: (error: unknown) => void,
): Promise<Redis> => {
  let connected = false;
  let last: unknown;
  const redis = openRedis(options, tagOf(0), {
    lazyConnect: true,
    connectionName,
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

/** Knows all masters of a cluster, and connects to those that are needed. @param nodes some of it */
export const connectCluster = (
  { cluster = [], username, password, tls }: RedisAddress,
  onTrouble: (error: unknown) => void,
): Cluster => {
  const redis = new Cluster([...cluster], {
    lazyConnect: true,
    slotsRefreshInterval: 0,
    redisOptions: { username, password, tls, connectTimeout: CONNECT_MS, commandTimeout: CONNECT_MS },
  });
  redis.on('error', onTrouble);
  return redis;
};

const unanswered = (options: RedisAddress, cause: unknown) =>
  new HyperRunError(
    'log.unavailable',
    `Redis at ${describeRedis(options)} does not answer: ${cause instanceof Error ? cause.message : String(cause)}.`,
    {},
    'retry',
    { cause },
  );
