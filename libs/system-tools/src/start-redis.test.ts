import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { findTool, type RedisHandle, startRedis } from './index.js';

const tool = await findTool('redis-server');
let directory: string;
let handles: RedisHandle[];
const clients: Redis[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hr-'));
  handles = [];
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.disconnect();
  await Promise.all(handles.map((handle) => handle.close()));
  await rm(directory, { recursive: true, force: true });
});

const start = async (options: { directory?: string; log?: (line: string) => void } = {}) => {
  const handle = await startRedis({ directory, tool, ...options });
  handles.push(handle);
  return handle;
};
const clientOf = (handle: RedisHandle) => {
  const client = new Redis({ path: handle.socketPath, retryStrategy: () => 50 });
  client.on('error', () => undefined);
  clients.push(client);
  return client;
};
const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
const until = async (condition: () => boolean | Promise<boolean>) => {
  while (!(await condition())) await delay(10);
};
/** Every redis-server whose data is in our directory, by the process table. */
const serversHere = async (folder = directory) => {
  const { stdout } = spawn('true');
  stdout.destroy();
  const { readlink } = await import('node:fs/promises');
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '');
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      return cwd === join(folder, 'redis') && command.includes('redis-server unixsocket') ? [Number(pid)] : [];
    }),
  );
  return found.flat();
};
const supervisorOf = async (handle: RedisHandle) =>
  Number(/PPid:\s+(\d+)/.exec(await readFile(`/proc/${handle.pid}/status`, 'utf8'))?.[1]);
void [fork, once, chmod, mkdir, stat, connect, serversHere, supervisorOf, until, isAlive];
void ({} as ChildProcess);

describe('redis', () => {
  it('keeps', async () => {
    const t = Date.now();
    const handle = await start();
    console.log('start', Date.now() - t, handle.pid, handle.joined);
    const second = await start();
    expect(second.joined).toBe(true);
    expect(await clientOf(handle).set('a', '1')).toBe('OK');
    await handle.close();
    expect(isAlive(second.pid)).toBe(true);
    const t2 = Date.now();
    await second.close();
    console.log('close', Date.now() - t2, await readdir(join(directory, 'redis')));
    expect(isAlive(second.pid)).toBe(false);
    const third = await start();
    expect(await clientOf(third).get('a')).toBe('1');
    expect(await serversHere()).toEqual([third.pid]);
  });
});
