import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, readdir, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { findTool, type RedisHandle, startRedis, type StartRedisOptions } from './index.js';

const tool = await findTool('redis-server');
const onLinux = process.platform === 'linux' ? it : it.skip;
let directory: string;
let handles: RedisHandle[];
let clients: Redis[];
let holders: ChildProcess[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hr-'));
  [handles, clients, holders] = [[], [], []];
});
afterEach(async () => {
  for (const client of clients) client.disconnect();
  for (const holder of holders) holder.kill('SIGKILL');
  await Promise.all(handles.map((handle) => handle.close()));
  await until(async () => (await serversIn(directory)).length === 0);
  await rm(directory, { recursive: true, force: true });
});

const start = async (options: Partial<StartRedisOptions> = {}) => {
  const handle = await startRedis({ directory, tool, ...options });
  handles.push(handle);
  return handle;
};
const clientOf = (handle: RedisHandle) => {
  const client = new Redis({ path: handle.socketPath, retryStrategy: () => 20, maxRetriesPerRequest: null });
  client.on('error', () => undefined);
  clients.push(client);
  return client;
};
const until = async (condition: () => boolean | Promise<boolean>) => {
  for (const end = Date.now() + 15_000; !(await condition()); await delay(10))
    if (Date.now() > end) throw new Error('It did not become so within 15 s.');
};
const isAlive = async (pid: number) =>
  /^State:\s+[^ZX]/m.test(await readFile(`/proc/${pid}/status`, 'utf8').catch(() => ''));

const commandLines = async () => {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name)).map(Number);
  const read = async (pid: number) => {
    const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
    return { pid, command, cwd: await readlink(`/proc/${pid}/cwd`).catch(() => ''), alive: await isAlive(pid) };
  };
  return (await Promise.all(pids.map(read))).filter(({ alive }) => alive);
};
/** By the process table: every Redis whose data is in the folder, and the one supervisor. */
const serversIn = async (folder: string) =>
  (await commandLines())
    .filter(({ cwd, command }) => cwd === join(folder, 'redis') && /(redis|valkey)-server/.test(command[0] ?? ''))
    .map(({ pid }) => pid);
const supervisors = async () =>
  (await commandLines()).filter(
    ({ cwd, command }) => cwd === join(directory, 'redis') && command[1]?.endsWith('supervisor.mjs'),
  );
/** Of several that were started at once, all but one end as soon as they see that they were too late. */
const supervisor = async () => {
  await until(async () => (await supervisors()).length === 1);
  return (await supervisors())[0]?.pid ?? Number.NaN;
};

/** Another service: a process that holds on to the supervisor as we do, and can be killed. */
const holder = async () => {
  const names = (await readdir(join(directory, 'redis'))).filter((name) => /^supervisor\.\d+$/.test(name));
  const newest = Math.max(...names.map((name) => Number(name.split('.')[1])));
  const path = join(directory, 'redis', `supervisor.${newest}`);
  const script = `require('net').connect(${JSON.stringify(path)}).on('data', (text) => process.stdout.write(text))`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] });
  holders.push(child);
  await once(child.stdout, 'data');
  return child;
};

describe('Redis in a data directory', () => {
  it('keeps what it acknowledged, and tells nobody else', async () => {
    const handle = await start();
    expect(handle.joined).toBe(false);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    expect((await stat(handle.socketPath)).mode & 0o077).toBe(0);
    const client = clientOf(handle);
    const wanted = { appendonly: 'yes', appendfsync: 'always', 'maxmemory-policy': 'noeviction', port: '0', save: '', 'stream-node-max-bytes': '4096' }; // prettier-ignore
    for (const [name, value] of Object.entries(wanted)) {
      const reply = JSON.stringify(await client.config('GET', name));
      expect([`["${name}","${value}"]`, `{"${name}":"${value}"}`]).toContain(reply);
    }
  });

  it('makes a directory that was open to others private', async () => {
    await chmod(directory, 0o755);
    await start();
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
  });

  it('ends, all written, with the last who lets go; a next start finds everything', async () => {
    const first = await start();
    const pid = first.pid;
    await clientOf(first).set('key', 'value');
    const second = await start();
    expect(second).toMatchObject({ joined: true, pid });
    await first.close();
    expect(await clientOf(second).get('key')).toBe('value');
    await second.close();
    expect(await isAlive(pid)).toBe(false);
    const left = (await readdir(join(directory, 'redis'))).filter((name) => !/^(appendonlydir|appendonly\.aof|redis\.log|supervisor\.\d+)$/.test(name)); // prettier-ignore
    expect(left).toEqual([]);
    const third = await start();
    expect(third.joined).toBe(false);
    expect(await clientOf(third).get('key')).toBe('value');
  });

  onLinux('is one, however many start at the same instant', async () => {
    const started = await Promise.all(Array.from({ length: 6 }, () => start()));
    expect(new Set(started.map(({ pid }) => pid)).size).toBe(1);
    expect(started.filter(({ joined }) => !joined)).toHaveLength(1);
    expect(await serversIn(directory)).toEqual([started[0]?.pid]);
  });

  it('works where the path is too long for a socket', async () => {
    const long = join(directory, 'x'.repeat(120));
    await mkdir(long);
    const [one, two] = await Promise.all([start({ directory: long }), start({ directory: long })]);
    expect(Buffer.byteLength(one.socketPath)).toBeLessThanOrEqual(103);
    expect(two.socketPath).toBe(one.socketPath);
    expect((await stat(join(one.socketPath, '..'))).mode & 0o777).toBe(0o700);
    expect(await readFile(join(long, 'redis', 'socket-directory'), 'utf8')).toBe(join(one.socketPath, '..'));
    expect(await clientOf(one).ping()).toBe('PONG');
    await Promise.all([one.close(), two.close()]);
    await rm(join(one.socketPath, '..'), { recursive: true });
  });

  it('that cannot start says why', async () => {
    const config = { 'maxmemory-policy': 'no-such-policy' };
    await expect(startRedis({ directory, tool, config })).rejects.toMatchObject({
      code: 'redis.start-failed',
      message: expect.stringMatching(/exited with 1/),
    });
    expect((await start()).joined).toBe(false);
  });
});

describe('the death of a holder', () => {
  onLinux('disturbs no other', async () => {
    const handle = await start();
    const { pid } = handle;
    const other = await holder();
    other.kill('SIGKILL');
    await once(other, 'exit');
    expect(await clientOf(handle).ping()).toBe('PONG');
    expect(handle.pid).toBe(pid);
  });

  onLinux('ends Redis when it was the last', async () => {
    const handle = await start();
    const { pid } = handle;
    await clientOf(handle).set('key', 'value');
    const last = await holder();
    await handle.close();
    expect(await isAlive(pid)).toBe(true);
    last.kill('SIGKILL');
    await until(async () => !(await isAlive(pid)));
    expect(await clientOf(await start()).get('key')).toBe('value');
  });
});

describe('a start during a shutdown', () => {
  onLinux('waits for it and starts anew, again and again', async () => {
    let handle = await start();
    const writer = clientOf(handle);
    for (let round = 1; round <= 5; round += 1) {
      expect(await writer.incr('rounds')).toBe(round);
      const [, next] = await Promise.all([handle.close(), start()]);
      expect(await serversIn(directory)).toEqual([next.pid]);
      handle = next;
    }
  });
});

describe('the death of Redis', () => {
  onLinux('is followed by another one with the same log, on the same socket', async () => {
    const lines: string[] = [];
    const handle = await start({ log: (line) => void lines.push(line) });
    const client = clientOf(handle);
    await client.set('key', 'value');
    const { pid } = handle;
    process.kill(pid, 'SIGKILL');
    await until(() => handle.pid !== pid);
    expect(await client.get('key')).toBe('value');
    expect(await serversIn(directory)).toEqual([handle.pid]);
    expect(lines).toEqual([expect.stringMatching(/Redis was started again .*SIGKILL/)]);
  });
});

describe('an outage', () => {
  const LONG = { firstMs: 600_000, mostMs: 600_000 };
  const SHORT = { firstMs: 20, mostMs: 100 };
  let lines: string[];
  beforeEach(() => {
    lines = [];
  });
  const log = (line: string) => void lines.push(line);
  const obstacle = () => join(directory, 'obstacle');
  /** Redis that ends at once, as on a full disk, for as long as the obstacle is there. */
  const hindered = async (): Promise<typeof tool> => {
    const path = join(directory, 'hindered.sh');
    await writeFile(path, `#!/bin/sh\n[ -e '${obstacle()}' ] && exit 1\nexec '${tool.path}' "$@"\n`, { mode: 0o700 });
    return { ...tool, path };
  };
  const deaths = async () =>
    (await readFile(join(directory, 'redis', 'redis.log'), 'utf8')).split('Redis is gone').length - 1;
  const supervisors = async () =>
    (await commandLines()).filter(({ cwd, command }) => cwd === join(directory, 'redis') && command[1]?.endsWith('supervisor.mjs')); // prettier-ignore

  onLinux('of many deaths in a row ends with Redis for the same holder', async () => {
    const handle = await start({ pauses: { restart: SHORT } });
    const client = clientOf(handle);
    await client.set('key', 'value');
    for (let death = 1; death <= 9; death += 1) {
      const { pid } = handle;
      process.kill(pid, 'SIGKILL');
      await until(() => handle.pid !== pid);
    }
    expect(await client.get('key')).toBe('value');
    expect(await serversIn(directory)).toEqual([handle.pid]);
  });

  onLinux('in which Redis cannot start is outlasted', async () => {
    const handle = await start({ tool: await hindered(), pauses: { restart: SHORT } });
    const client = clientOf(handle);
    await client.set('key', 'value');
    const { pid } = handle;
    await writeFile(obstacle(), '');
    process.kill(pid, 'SIGKILL');
    await until(async () => (await deaths()) > 8);
    await rm(obstacle());
    await until(() => handle.pid !== pid);
    expect(await client.get('key')).toBe('value');
  });

  onLinux('of the supervisor too is outlasted', async () => {
    const handle = await start({ tool: await hindered(), log, pauses: { retake: SHORT } });
    const client = clientOf(handle);
    await client.set('key', 'value');
    const { pid } = handle;
    await writeFile(obstacle(), '');
    process.kill(await supervisor(), 'SIGKILL');
    process.kill(pid, 'SIGKILL');
    await until(() => lines.filter((line) => line.endsWith('Trying again in 0.1 s.')).length >= 2);
    await rm(obstacle());
    await until(() => handle.pid !== pid);
    expect(await client.get('key')).toBe('value');
  });

  onLinux('does not hold up who lets go while Redis waits for its restart', async () => {
    const handle = await start({ pauses: { restart: LONG } });
    process.kill(handle.pid, 'SIGKILL');
    await until(async () => (await deaths()) === 1);
    await handle.close();
    await until(async () => (await supervisors()).length === 0);
    expect(await serversIn(directory)).toEqual([]);
    expect((await start()).joined).toBe(false);
  });

  onLinux('does not hold up who lets go while a supervisor cannot be had', async () => {
    const handle = await start({ tool: await hindered(), log, pauses: { retake: LONG } });
    const { pid } = handle;
    await writeFile(obstacle(), '');
    process.kill(await supervisor(), 'SIGKILL');
    process.kill(pid, 'SIGKILL');
    await until(() => lines.some((line) => line.endsWith('Trying again in 600 s.')));
    await handle.close();
    await until(async () => (await supervisors()).length === 0);
    expect(await serversIn(directory)).toEqual([]);
    expect((await start()).joined).toBe(false);
  });

  onLinux('in which the last holder lets go leaves no Redis that outlived its supervisor', async () => {
    const handle = await start({ log });
    const { pid } = handle;
    process.kill(await supervisor(), 'SIGKILL');
    await until(() => lines.length > 0);
    await handle.close();
    expect(await isAlive(pid)).toBe(false);
    await until(async () => (await supervisors()).length === 0);
  });
});

describe('the death of the supervisor', () => {
  onLinux('does not end Redis: the holders start another supervisor, which takes it over', async () => {
    const [one, two] = [await start(), await start()];
    const client = clientOf(one);
    await client.set('key', 'value');
    const { pid } = one;
    process.kill(await supervisor(), 'SIGKILL');
    await until(async () => (await readFile(join(directory, 'redis', 'redis.log'), 'utf8')).includes('adopted Redis'));
    const three = await start();
    expect([one.pid, two.pid, three.pid]).toEqual([pid, pid, pid]);
    expect(await serversIn(directory)).toEqual([pid]);
    await Promise.all([one.close(), two.close()]);
    expect(await client.get('key')).toBe('value');
    await three.close();
    expect(await isAlive(pid)).toBe(false);
  });

  onLinux('together with all holders leaves a Redis that the next start takes over', async () => {
    const handle = await start();
    const { pid } = handle;
    await clientOf(handle).set('key', 'value');
    const held = await supervisor();
    const last = await holder();
    await handle.close();
    process.kill(held, 'SIGKILL');
    last.kill('SIGKILL');
    await until(async () => !(await isAlive(held)));
    const next = await start();
    expect(next.pid).toBe(pid);
    expect(await clientOf(next).get('key')).toBe('value');
  });

  onLinux('together with Redis is recovered from by the holders', async () => {
    const handle = await start();
    const client = clientOf(handle);
    await client.set('key', 'value');
    const { pid } = handle;
    process.kill(await supervisor(), 'SIGKILL');
    process.kill(pid, 'SIGKILL');
    await until(() => handle.pid !== pid);
    expect(await client.get('key')).toBe('value');
  });

  onLinux('at any moment never leaves two on one log', async () => {
    const handle = await start();
    const client = clientOf(handle);
    for (let round = 1; round <= 4; round += 1) {
      expect(await client.incr('rounds')).toBe(round);
      process.kill(await supervisor(), 'SIGKILL');
      if (round % 2 === 0) process.kill(handle.pid, 'SIGKILL');
      const others = await Promise.all([start(), start()]);
      expect(new Set(others.map(({ pid }) => pid)).size).toBe(1);
      await until(() => handle.pid === others[0]?.pid);
      expect(await serversIn(directory)).toEqual([handle.pid]);
    }
    expect(await client.get('rounds')).toBe('4');
  });
});

describe('files of the dead', () => {
  it('do not hinder a start', async () => {
    const home = join(directory, 'redis');
    await mkdir(home, { mode: 0o700 });
    const dead = spawn(process.execPath, ['-e', `for (const name of ['supervisor.7', 'redis.sock']) require('net').createServer().listen(${JSON.stringify(home)} + '/' + name, () => process.stdout.write('x'))`], { stdio: ['ignore', 'pipe', 'ignore'] }); // prettier-ignore
    await until(async () => (await readdir(home)).length === 2);
    dead.kill('SIGKILL');
    await once(dead, 'exit');
    const handle = await start();
    expect(handle.joined).toBe(false);
    expect(await clientOf(handle).ping()).toBe('PONG');
  });

  it('that are something else are refused', async () => {
    const place = join(directory, 'redis');
    await writeFile(place, 'something else');
    await expect(start()).rejects.toMatchObject({ code: 'directory.not-ours', actor: 'operator' });
  });
});
