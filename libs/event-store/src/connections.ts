import type { Redis, RedisOptions } from 'ioredis';
import { isElsewhere, mayChange, openRedis, type RedisPlace } from './redis-client.js';
import { BLOCK_MS } from './redis-tail.js';

export interface Readers {
  readonly reader: Redis;
  readonly follower: Redis;
}

/** Three, so that neither a long read nor a blocked one holds up an append. */
export interface Connections extends Readers {
  readonly writer: Redis;
}

/**
 * For how long nothing may come on a connection while something is due, in milliseconds: then it is taken for dead, and
 * made anew. Connections over which nothing passes any more may stay open for a quarter of an hour.
 */
export const silenceOf = (patience: number): number => Math.max(50, patience / 4);

export interface Target {
  readonly place: RedisPlace;
  /** Of the keys. */
  readonly tag: string;
  /** For how long a command is tried, in milliseconds. */
  readonly patience: number;
  readonly onTrouble: (error: unknown) => void;
}

const RETRIES: RedisOptions = { retryStrategy: (times) => Math.min(1000, 25 * 2 ** Math.min(times, 6)) };

export const connect = (target: Target): Connections => ({ writer: openWriter(target), ...connectReaders(target) });

/** What is on its way when the connection breaks fails at once, and is never sent again by the client itself. */
export const openWriter = (target: Target, options: RedisOptions = {}): Redis =>
  open(target, {
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    reconnectOnError: (error) => mayChange(target.place) && isElsewhere(error),
    ...options,
  });

/** For what may be sent again by the client itself, whatever became of it the first time. */
export const connectReaders = (target: Target): Readers => ({
  reader: openReader(target),
  follower: open(target, { maxRetriesPerRequest: null, socketTimeout: BLOCK_MS * 1.5 }),
});

const openReader = (target: Target): Redis => {
  const { patience } = target;
  return open(target, { maxRetriesPerRequest: null, commandTimeout: patience, socketTimeout: silenceOf(patience) });
};

const open = ({ place, tag, patience, onTrouble }: Target, options: RedisOptions): Redis => {
  const connection = openRedis(place, tag, { ...RETRIES, ...options });
  connection.on('error', onTrouble);
  limitHandshake(connection, silenceOf(patience));
  return connection;
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

export const disconnect = (connections: Readers): void => {
  for (const connection of Object.values<Redis>({ ...connections })) connection.disconnect();
};
