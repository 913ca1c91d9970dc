import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { spawnBound } from './spawn-bound.js';

export interface RedisServer {
  readonly path: string;
  /** Ends it as a crash would (`SIGKILL`) or in order, and waits until it is gone. */
  stop(signal?: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  /** SIGSTOP: it holds its connections and answers nothing, until SIGCONT. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
  /** Starts it again on the same data. */
  start(): Promise<void>;
  /** Ends it and removes its data. */
  end(): Promise<void>;
}

/** A real redis-server on a Unix socket in a folder of its own: `HYPER_RUN_REDIS_SERVER`, or the one on PATH. */
export const startRedisServer = async (...options: string[]): Promise<RedisServer> => {
  const folder = await mkdtemp(join(tmpdir(), 'hyper-run-redis-'));
  const path = join(folder, 'redis.sock');
  const program = process.env['HYPER_RUN_REDIS_SERVER'] ?? 'redis-server';
  const args = ['--port', '0', '--unixsocket', path, '--dir', folder, '--save', '', '--appendonly', 'yes', ...options];
  const run = () => spawnBound(program, args, { stdio: 'ignore' });
  let child: ReturnType<typeof run>;
  const start = async (): Promise<void> => {
    child = run();
    await Promise.race([ready(path), once(child, 'exit').then(() => Promise.reject(new Error(`${program} ended`)))]);
  };
  const stop = async (signal: 'SIGKILL' | 'SIGTERM' = 'SIGTERM'): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
  };
  await start();
  return {
    path,
    start,
    stop,
    signal: (signal) => void child.kill(signal),
    end: async () => {
      await stop('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
};

const ready = async (path: string): Promise<void> => {
  const redis = new Redis({ path, retryStrategy: () => 20, maxRetriesPerRequest: null });
  redis.on('error', () => undefined);
  await redis.ping();
  redis.disconnect();
};
