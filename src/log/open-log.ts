import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { HyperRunError } from '#contracts';
import { mayChange, openEventStore, openRedis, tagOf, type EventStore } from '#event-store';
import { checkRedis, findTool, startRedis, toolCache, type RedisPromise } from '#system-tools';
import { ArchiveFiles } from '../archive/archive-files.port.js';
import type { Config } from '../config/config.js';
import { withoutSecrets } from '../config/secrets.js';
import { connectionNameOf } from './absent-roles.port.js';
import { connectCluster, connectRedis } from './connect-redis.js';
import { LogMarkFile } from './log-mark-file.js';
import { lossWindow } from './loss-window.js';
import type { RedisAddress, RedisConnection, StatusWriter } from './log.port.js';
import { addressOf, describeRedis } from './redis-address.js';

/** The log and the Redis that holds it. */
export interface OpenLog {
  readonly connection: RedisConnection;
  readonly redis: Redis;
  readonly statuses: StatusWriter;
  readonly store: EventStore;
  readonly archives: ArchiveFiles;
  /** In order: the log, the client, then the hold on a Redis of our own. */
  close(): Promise<void>;
}

interface Reached {
  readonly options: RedisAddress;
  release(): Promise<void>;
}

const logger = new Logger('Log');

/**
 * Reaches the Redis that is configured, or starts or joins the one of the data directory, and opens the log on it.
 * @throws HyperRunError `log.unavailable`, `log.rewound`, `log.mark-unreadable`, `redis.unreliable`, `redis.start-failed`,
 *   `tool.missing`
 */
export const openLog = async (config: Config): Promise<OpenLog> => {
  const undo: (() => unknown)[] = [];
  const close = async () => {
    for (const step of undo.toReversed()) await step();
  };
  try {
    const reached = await reach(config);
    const { options } = reached;
    undo.push(() => reached.release());
    const redis = await connectRedis(options, connectionNameOf(config), trouble);
    undo.push(() => redis.disconnect());
    const statuses = options.cluster === undefined ? redis : connectCluster(options, trouble);
    if (statuses !== redis) undo.push(() => statuses.disconnect());
    const promise = await checkRedis((command, ...args) => redis.call(command, ...args));
    requireReliable(promise, config);
    if (options.cluster !== undefined) await checkPartitions(options, config);
    if (mayChange(options)) logger.warn(FAILOVER);
    await mkdir(config.dataDirectory, { recursive: true, mode: 0o700 });
    const mark = new LogMarkFile(config.dataDirectory, trouble);
    const known = await mark.read();
    undo.push(() => mark.close());
    const archives = new ArchiveFiles(join(config.dataDirectory, 'archive'));
    const store = await openEventStore({
      partitions: config.partitions,
      archive: archives,
      redis: options,
      feedLength: config.feedLength,
      known,
      accepted: config.acceptLog,
      waitForDisk: config.waitForDisk,
      onAcknowledged: (reached) => mark.raise(reached),
      onTrouble: trouble,
      mask: withoutSecrets,
      ...(config.prefix === undefined ? {} : { prefix: config.prefix, statusPrefix: config.prefix }),
    });
    undo.push(() => store.close());
    mark.raise({ incarnation: store.incarnation, position: await store.top() });
    return { connection: describe(options, promise, config), redis, statuses, store, archives, close };
  } catch (error) {
    await close();
    throw error;
  }
};

const reach = async (config: Config): Promise<Reached> => {
  if (config.redisUrl !== undefined) return { options: addressOf(config.redisUrl), release: () => Promise.resolve() };
  const log = (line: string) => logger.log(line);
  const tool = await findTool('redis-server', { cacheDir: toolCache(), log });
  const own = await startRedis({ directory: config.dataDirectory, tool, log, config: redisSettings(config) });
  return { options: { path: own.socketPath }, release: () => own.close() };
};

/** Each partition may lie on a master of its own. */
const checkPartitions = async (address: RedisAddress, config: Config): Promise<void> => {
  for (let partition = 1; partition < config.partitions; partition++) {
    const redis = openRedis(address, tagOf(partition), { maxRetriesPerRequest: 3 });
    redis.on('error', trouble);
    try {
      requireReliable(await checkRedis((command, ...args) => redis.call(command, ...args)), config);
    } finally {
      redis.disconnect();
    }
  }
};

const redisSettings = ({ fsync, logMemoryMb }: Config) => ({
  appendfsync: fsync,
  maxmemory: String(logMemoryMb * 2 ** 20),
});

/** A Redis that may forget what it acknowledged is refused, unless the operator has said otherwise. */
const requireReliable = ({ problems }: RedisPromise, { allowWeakRedis }: Config): void => {
  for (const { text } of problems) logger.warn(text);
  const fatal = problems.filter((problem) => problem.fatal);
  if (fatal.length === 0 || allowWeakRedis) return;
  throw new HyperRunError(
    'redis.unreliable',
    `${fatal.map(({ text }) => text).join(' ')} To work on it all the same, set HYPER_RUN_ALLOW_WEAK_REDIS=true.`,
    { problems: fatal.map(({ code }) => code) },
    'operator',
  );
};

/** Replication is asynchronous: https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/ */
const FAILOVER =
  'Another Redis may take over from this one and lack what was acknowledged in the moment before; a loss is named, and stops the service.';

const describe = (
  options: RedisAddress,
  { version, durability, problems }: RedisPromise,
  { waitForDisk }: Config,
): RedisConnection => ({
  options,
  description: describeRedis(options),
  version,
  durability,
  lossWindow: lossWindow(durability, waitForDisk),
  weaknesses: [...problems.map(({ text }) => text), ...(mayChange(options) ? [FAILOVER] : [])],
});

const trouble = (error: unknown): void =>
  logger.warn(`Redis: ${error instanceof Error ? error.message : String(error)}`);
