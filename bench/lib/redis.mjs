import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { findTool, startRedis as startOurs } from '../../dist/libs/system-tools/src/index.js';

/** Redis as the product itself starts it, in a folder of its own; `end` ends it and removes the folder. */
export const startRedis = async (appendfsync) => {
  const directory = await mkdtemp(join(tmpdir(), 'hyper-run-bench-'));
  const config = { appendfsync, 'auto-aof-rewrite-percentage': '0' };
  const handle = await startOurs({ directory, tool: await findTool('redis-server'), config });
  const redis = new Redis({ path: handle.socketPath });
  return {
    path: handle.socketPath,
    redis,
    pid: handle.pid,
    end: async () => {
      redis.disconnect();
      await handle.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
};

/** Microseconds of processor time that a Redis has used. */
export const serverTime = async (redis) => {
  const info = await redis.info('cpu');
  const seconds = (field) => Number(new RegExp(`^${field}:([\\d.]+)`, 'm').exec(info)?.[1] ?? 0);
  return (seconds('used_cpu_user') + seconds('used_cpu_sys')) * 1e6;
};
