import type { Redis, RedisOptions } from 'ioredis';
import { isElsewhere, mayChange, openRedis, type RedisPlace } from './redis-client.js';
import { BLOCK_MS } from './redis-tail.js';

/** Three, so that neither a long read nor a blocked one holds up an append. */
export interface Connections {
  readonly writer: Redis;
  readonly reader: Redis;
  readonly follower: Redis;
}

/**
 * For how long nothing may come on a connection while something is due, in milliseconds: then it is taken for dead, and
 * made anew. Connections over which nothing passes any more may stay open for a quarter of an hour.
 */
export const silenceOf = (patience: number): number => Math.max(50, patience / 4);

/**
 * @param tag of the keys
 * @param patience for how long a command is tried, in milliseconds
 */
export const connect = (
  place: RedisPlace,
  tag: string,
  patience: number,
  onTrouble: (error: unknown) => void,
): Connections => {
  const silence = silenceOf(patience);
  const open = (options: RedisOptions): Redis => {
    const connection = openRedis(place, tag, options);
    connection.on('error', onTrouble);
    limitHandshake(connection, silence);
    return connection;
  };
  const common: RedisOptions = { retryStrategy: (times) => Math.min(1000, 25 * 2 ** Math.min(times, 6)) };
  return {
    // 0: what is on its way when the connection breaks fails at once and is never resent by the client itself.
    writer: open({
      ...common,
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      reconnectOnError: (error) => mayChange(place) && isElsewhere(error),
    }),
    reader: open({ ...common, maxRetriesPerRequest: null, commandTimeout: patience, socketTimeout: silence }),
    follower: open({ ...common, maxRetriesPerRequest: null, socketTimeout: BLOCK_MS * 1.5 }),
  };
};

/** Between connecting and its first commands ioredis waits for ever. */
const limitHandshake = (connection: Redis, silence: number): void => {
  connection.on('connect', () => {
    const late = setTimeout(() => connection.stream.destroy(), silence).unref();
    const settle = () => {
      clearTimeout(late);
      connection.off('ready', settle).off('close', settle);
    };
    connection.on('ready', settle).on('close', settle);
  });
};

export const disconnect = ({ writer, reader, follower }: Connections): void => {
  for (const connection of [writer, reader, follower]) connection.disconnect();
};
