import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, lstat, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { runProgram } from './lib/git.mjs';
import { row, timed } from './lib/measure.mjs';

export const title = 'install, start, size, memory at rest';

const PRODUCT = fileURLToPath(new URL('..', import.meta.url));
const STARTS = 7;
const REST_MS = 4000;
const START_LIMIT_MS = 60_000;
/** An empty cache means the network: once, unless more is asked for. */
const INSTALLS = Math.min(5, Math.max(0, Number(process.env.BENCH_INSTALLS ?? 1)));

const MIB = 2 ** 20;
const TOKEN = 'a-token-for-the-bench';

/** Bytes of the files below a folder; a linked one counts once. */
const sizeOf = async (folder, seen = new Set()) => {
  let bytes = 0;
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const stat = await lstat(path);
    if (stat.isDirectory()) bytes += await sizeOf(path, seen);
    else if (!seen.has(stat.ino)) {
      seen.add(stat.ino);
      bytes += stat.size;
    }
  }
  return bytes;
};

const install = async (root, signal) => {
  const cold = [];
  const sizes = [];
  for (let n = 0; n < INSTALLS; n++) {
    signal.throwIfAborted();
    const folder = join(root, `install-${n}`);
    await mkdir(folder);
    for (const file of ['package.json', 'package-lock.json', '.npmrc'])
      await cp(join(PRODUCT, file), join(folder, file)).catch(() => undefined);
    const npm = (...args) =>
      runProgram('npm', ['ci', '--no-audit', '--no-fund', '--cache', join(folder, 'cache'), ...args], {
        cwd: folder,
        env: process.env,
      });
    cold.push((await timed(() => npm())) / 1000);
    if (sizes.length === 0) {
      await npm('--omit=dev', '--prefer-offline');
      sizes.push(((await sizeOf(join(folder, 'node_modules'))) + (await sizeOf(join(PRODUCT, 'dist')))) / MIB);
    }
    await rm(folder, { recursive: true, force: true });
  }
  return { cold, sizes };
};

const rssOf = async (pid) => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(status)?.[1];
  return kib === undefined ? undefined : Number(kib) / 1024;
};

/** Starts the service with its own Redis in an empty data directory; `ready` is when it says so and answers. */
const start = async (dataDirectory) => {
  const began = performance.now();
  const child = spawn(process.execPath, [join(PRODUCT, 'dist/service/main.js')], {
    env: {
      ...process.env,
      REDIS_URL: undefined,
      HYPER_RUN_DATA_DIR: dataDirectory,
      HYPER_RUN_PORT: '0',
      HYPER_RUN_TOKEN: TOKEN,
      HYPER_RUN_REPOSITORIES: dataDirectory,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exit = once(child, 'exit');
  const timer = setTimeout(() => child.kill('SIGKILL'), START_LIMIT_MS);
  try {
    let said = '';
    child.stderr.on('data', (chunk) => (said += chunk));
    const url = await new Promise((resolve, reject) => {
      child.stdout.on('data', (chunk) => {
        said += chunk;
        const found = /HyperRun is ready: (http:\S+)/.exec(said)?.[1];
        if (found !== undefined) resolve(found);
      });
      exit.then(() => reject(new Error(`The service ended before it was ready: ${said.slice(-1000)}`)), reject);
    });
    const answer = await fetch(`${url}/health/ready`, { headers: { authorization: `Bearer ${TOKEN}` } });
    if (!answer.ok) throw new Error(`/health/ready answered ${answer.status}.`);
    const ms = performance.now() - began;
    return {
      ms,
      pid: child.pid,
      stop: async () => {
        child.kill('SIGTERM');
        await exit;
      },
    };
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  } finally {
    clearTimeout(timer);
  }
};

const startAndRest = async (root, signal) => {
  const times = [];
  const rss = [];
  for (let n = 0; n < STARTS; n++) {
    signal.throwIfAborted();
    const data = join(root, `data-${n}`);
    await mkdir(data);
    const service = await start(data);
    times.push(service.ms / 1000);
    await delay(REST_MS);
    const found = await rssOf(service.pid);
    if (found !== undefined) rss.push(found);
    await service.stop();
  }
  return { times, rss };
};

export const run = async (signal) => {
  const root = await mkdtemp(join(tmpdir(), 'hyper-run-bench-'));
  try {
    const { times, rss } = await startAndRest(root, signal);
    const { cold, sizes } = await install(root, signal);
    return [
      ...(cold.length > 0
        ? [
            row('npm ci, empty cache', 's', cold, { goal: '< 60 s', limit: 60 }),
            row('installed without development packages, dist included', 'MiB', sizes, {
              goal: '< 200 MB',
              limit: 190.7,
            }),
          ]
        : []),
      row('start to ready, empty data directory, own Redis', 's', times, { goal: '< 2 s', limit: 2 }),
      ...(rss.length > 0
        ? [row('memory of the service at rest (RSS)', 'MiB', rss, { goal: '< 200 MB', limit: 190.7 })]
        : []),
    ];
  } finally {
    await rm(root, { recursive: true, force: true });
  }
};
