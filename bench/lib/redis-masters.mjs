import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { findTool } from '../../dist/libs/system-tools/src/index.js';

const HOST = '127.0.0.1';

const freePort = async () => {
  const server = createServer().listen(0, HOST);
  await once(server, 'listening');
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
};

/** Gives a master the slot of a key, as soon as it answers. */
const own = async (redis, key) => {
  await redis.call('CLUSTER', 'ADDSLOTS', await redis.call('CLUSTER', 'KEYSLOT', key));
  while (!String(await redis.call('CLUSTER', 'INFO')).includes('cluster_state:ok'))
    await new Promise((resolve) => setTimeout(resolve, 50));
};

/** Masters of a Redis Cluster, each the owner of the slot of one key: none needs to know of the others. */
export const startMasters = async (appendfsync, keys) => {
  const { path, env } = await findTool('redis-server');
  const folder = await mkdtemp(join(tmpdir(), 'hyper-run-bench-'));
  const masters = [];
  const end = async () => {
    for (const { redis, child } of masters) {
      redis.disconnect();
      child.kill('SIGKILL');
    }
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  };
  try {
    for (const key of keys) {
      const [port, busPort] = [await freePort(), await freePort()];
      const home = join(folder, String(port));
      await mkdir(home);
      const settings = {
        port,
        bind: HOST,
        dir: home,
        save: '',
        'cluster-enabled': 'yes',
        'cluster-port': busPort,
        'cluster-announce-ip': HOST,
        'cluster-require-full-coverage': 'no',
        appendonly: 'yes',
        appendfsync,
        'auto-aof-rewrite-percentage': 0,
      };
      const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
      const child = spawn(path, args, { env: { ...process.env, ...env }, stdio: 'ignore' });
      const died = once(child, 'exit').then(() => Promise.reject(new Error(`${path} ended`)));
      died.catch(() => undefined);
      const redis = new Redis({ host: HOST, port, retryStrategy: () => 20, maxRetriesPerRequest: null });
      redis.on('error', () => undefined);
      masters.push({ host: HOST, port, redis, child });
      await Promise.race([own(redis, key), died]);
    }
    return { masters, end };
  } catch (error) {
    await end();
    throw error;
  }
};
