import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { findTool } from '../../dist/libs/system-tools/src/index.js';

/** The product's own settings; no rewrite of the append-only file in the middle of a measurement. */
const SETTINGS = Object.entries({
  port: '0',
  save: '',
  databases: '1',
  appendonly: 'yes',
  'maxmemory-policy': 'noeviction',
  'stream-node-max-bytes': '1024',
  'auto-aof-rewrite-percentage': '0',
}).flatMap(([name, value]) => [`--${name}`, value]);

/** A real redis-server on a Unix socket in a folder of its own; `end` removes both. */
export const startRedis = async (appendfsync) => {
  const tool = await findTool('redis-server');
  const folder = await mkdtemp(join(tmpdir(), 'hyper-run-bench-'));
  const path = join(folder, 'redis.sock');
  const child = spawn(tool.path, [...SETTINGS, '--appendfsync', appendfsync, '--unixsocket', path, '--dir', folder], {
    stdio: 'ignore',
    env: { ...process.env, ...tool.env },
  });
  const exit = once(child, 'exit');
  const redis = new Redis({ path, retryStrategy: () => 20, maxRetriesPerRequest: null });
  redis.on('error', () => undefined);
  await Promise.race([redis.ping(), exit.then(() => Promise.reject(new Error(`${tool.path} ended at once.`)))]);
  return {
    path,
    /** A plain client of the same version and with the same options as the product's own writer. */
    redis,
    end: async () => {
      redis.disconnect();
      child.kill('SIGKILL');
      await exit;
      await rm(folder, { recursive: true, force: true });
    },
  };
};
