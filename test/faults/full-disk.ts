import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { isHyperRunError, type StreamName } from '#contracts';
import { RedisEventStore, type EventStore } from '#event-store';
import { append, exact, write } from '../../libs/event-store/test/appends.js';
import { startRedisServer, type RedisServer } from '../../libs/event-store/test/redis-server.js';
import { insisted } from './writers.js';

/** So large may a file of Redis get: its disk is full then. */
const ROOM = 64 * 1024;
const STREAM = 'task-disk' as StreamName;

export interface FullDisk {
  /** What the append that found no room was told, and the same one sent again. */
  readonly refused: readonly string[];
  readonly acknowledged: number;
  /** How many events stand in the log when there is room again and that append was sent once more; and after a last kill. */
  readonly found: readonly number[];
}

/**
 * Redis on a disk that gets full, then has room again: a limit on the size of its files, which an ordinary user may set, and
 * lift. Its writes then fail as on a full disk: one is cut short, those that follow write nothing. At `always` Redis ends, as
 * it cannot keep its promise, and is started again when there is room; at `everysec` it goes on by itself.
 */
export const fillDisk = async (fsync: 'always' | 'everysec'): Promise<FullDisk> => {
  const folder = await mkdtemp(join(tmpdir(), 'hyper-run-disk-'));
  const program = process.env['HYPER_RUN_REDIS_SERVER'] ?? 'redis-server';
  const wrapper = join(folder, 'redis-server');
  const wrap = (before: string) => writeFile(wrapper, `#!/bin/sh\n${before} '${program}' "$@"\n`);
  // Without the trap the signal for a file that is too large would end Redis.
  await wrap(`trap '' XFSZ\nexec prlimit --fsize=${ROOM}:`);
  await chmod(wrapper, 0o755);
  process.env['HYPER_RUN_REDIS_SERVER'] = wrapper;
  let server: RedisServer | undefined;
  try {
    server = await startRedisServer('--appendfsync', fsync);
    const redis = { path: server.path };
    const store = await RedisEventStore.open({ redis, patience: 1000 });
    const pid = await pidOf(server.path);
    const { code, acknowledged } = await writeUntilRefused(store);
    const refused = [code, await refusalOf(writeOne(store, acknowledged))];
    await wrap('exec');
    if (fsync === 'always') await server.start();
    else await promisify(execFile)('prlimit', ['--pid', pid, '--fsize=unlimited']);
    await untilThereIsRoom(() => writeOne(store, acknowledged));
    const found = [(await store.read(STREAM)).length];
    await store.close();
    await server.stop('SIGKILL');
    await server.start();
    const again = await RedisEventStore.open({ redis });
    found.push((await again.read(STREAM)).length);
    await again.close();
    return { refused, acknowledged, found };
  } finally {
    process.env['HYPER_RUN_REDIS_SERVER'] = program;
    await server?.end();
    await rm(folder, { recursive: true, force: true });
  }
};

const pidOf = async (path: string): Promise<string> => {
  const redis = new Redis({ path });
  const info = await redis.info('server');
  redis.disconnect();
  return /process_id:(\d+)/.exec(info)?.[1] ?? '';
};

const writeOne = (store: EventStore, version: number) =>
  store.append(append([write(STREAM, exact(version), `${version} ${'x'.repeat(1000)}`)], `disk-${version}`));

const refusalOf = async (appending: Promise<unknown>): Promise<string> => {
  try {
    await appending;
    return 'none';
  } catch (error) {
    return isHyperRunError(error) ? error.code : String(error);
  }
};

const writeUntilRefused = async (
  store: EventStore,
): Promise<{ readonly code: string; readonly acknowledged: number }> => {
  for (let acknowledged = 0; ; acknowledged++) {
    const code = await refusalOf(writeOne(store, acknowledged));
    if (code !== 'none') return { code, acknowledged };
  }
};

const untilThereIsRoom = async (ask: () => Promise<unknown>): Promise<void> => {
  while ((await refusalOf(insisted(ask))) !== 'none');
};
