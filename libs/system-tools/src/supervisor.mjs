/* oxlint-disable typescript/no-unsafe-member-access, typescript/no-unsafe-return -- no types: plain JavaScript */
// Holds one Redis for all services on one data directory. A process of its own, so that no service's death takes
// Redis with it, and plain JavaScript, so that it starts from the sources and from the build alike.
//
// Who supervises is decided by a race that exactly one can win: the listening socket is linked, live, under the next
// free name `supervisor.<n>`. A name is never used twice, and the newest one is left behind as the counter. A name is
// taken when connecting to it works, so that the death of its owner frees it at once, in whatever container it was.
//
// A Redis that dies is started again for as long as somebody holds it, after a growing pause: what kills it (a full disk)
// may end at any time. Only one that never ran under us is given up.
//
// argv: JSON {home, sockets, program, env, config, pause: {firstMs, mostMs}}. stdout: one line, `won` or `lost`. To every connection, as JSON
// lines: `ready`, `restarted`, `closing`, `failed`. A service says goodbye by ending its side, or by dying.
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFileSync, linkSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 20;
const FIRST_CLIENT_MS = 20_000;
const SILENT_ORPHAN_MS = 10_000;
const SHUTDOWN_MS = 60_000;
const HEALTHY_MS = 60_000;

const { home, sockets, program, env, config, pause } = JSON.parse(process.argv[2] ?? '{}');
const redisSocket = join(sockets, 'redis.sock');
const pidFile = join(home, 'redis.pid');
const logFile = join(home, 'redis.log');

/** @type {Set<import('node:net').Socket>} */
const clients = new Set();
/** @type {'starting' | 'ready' | 'closing' | 'failed'} */
let state = 'starting';
let redisPid = 0;
let why = '';
/** When Redis became ready, the last time; 0 before the first. */
let readyAt = 0;
let deaths = 0;
let nextPauseMs = pause.firstMs;

const log = (line) => {
  try {
    appendFileSync(logFile, `${process.pid}:supervisor ${new Date().toISOString()} ${line}\n`);
  } catch {
    // The disk is full or the data directory was removed: a lost line is no reason to let go of Redis.
  }
};
const send = (socket, message) => socket.write(`${JSON.stringify(message)}\n`);
const broadcast = (message) => clients.forEach((socket) => send(socket, message));
const greeting = () => ({ type: state, socketPath: redisSocket, pid: redisPid, supervisor: process.pid, why });

// --- one supervisor per data directory

const generations = () =>
  readdirSync(sockets)
    .map((name) => Number(/^supervisor\.(\d+)$/.exec(name)?.[1] ?? 0))
    .filter((generation) => generation > 0);
const newest = () => Math.max(0, ...generations());
const nameOf = (generation) => join(sockets, `supervisor.${generation}`);

const answers = (path) =>
  new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

const elect = async (ownSocket) => {
  for (;;) {
    const last = newest();
    if (last > 0 && (await answers(nameOf(last)))) return false;
    try {
      linkSync(ownSocket, nameOf(last + 1));
    } catch (error) {
      if (error.code === 'EEXIST') continue;
      throw error;
    }
    if (newest() > last + 1) {
      rmSync(nameOf(last + 1), { force: true });
      return false;
    }
    generations().filter((generation) => generation < last).forEach((generation) => rmSync(nameOf(generation), { force: true })); // prettier-ignore
    return true;
  }
};

// --- one Redis, ours or one that a supervisor before us left running

const isAlive = (pid) => {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(statusOf(pid));
  } catch (error) {
    return error.code === 'EPERM';
  }
};
const statusOf = (pid) => {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
};
const gone = async (pid, withinMs, everyMs = POLL_MS) => {
  for (const end = Date.now() + withinMs; isAlive(pid); await delay(everyMs)) if (Date.now() > end) return false;
  return true;
};

/** Redis lives in its data directory: its working directory tells whose it is, from the first instant of its life. */
const isOurRedis = (pid) => {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return readlinkSync(`/proc/${pid}/cwd`) === home && /^[^\s\0]*(redis|valkey)-server[\s\0]/.test(command);
  } catch {
    return false;
  }
};
const orphan = () => {
  if (process.platform === 'linux') return readdirSync('/proc').map(Number).find((pid) => pid > 0 && isAlive(pid) && isOurRedis(pid)); // prettier-ignore
  try {
    const pid = Number(readFileSync(pidFile, 'utf8'));
    const command = execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
    return /(redis|valkey)-server/.test(command) && command.includes(redisSocket) ? pid : undefined;
  } catch {
    return undefined;
  }
};

/** @returns {Promise<'pong' | 'loading' | 'silent'>} */
const ping = () =>
  new Promise((resolve) => {
    const socket = connect(redisSocket, () => socket.write('PING\r\n'));
    const answer = (text) => resolve(text) ?? socket.destroy();
    socket.setTimeout(1_000, () => answer('silent'));
    socket.once('error', () => answer('silent')).once('close', () => answer('silent'));
    socket.once('data', (data) => answer(/^(\+PONG|-NO(AUTH|PERM))/.test(String(data)) ? 'pong' : 'loading'));
  });

const adopt = async (pid) => {
  redisPid = pid;
  for (let silentSince = Date.now(); isAlive(pid); await delay(POLL_MS)) {
    const answer = await ping();
    if (answer === 'pong') {
      log(`adopted Redis ${pid}, which a supervisor before left running`);
      void gone(pid, Infinity, 250).then(() => ended('it ended'));
      return true;
    }
    if (answer === 'loading') silentSince = Date.now();
    if (Date.now() - silentSince > SILENT_ORPHAN_MS) await end(pid);
  }
  return false;
};

/** Asks Redis to write everything and end; what it acknowledged is on disk already, so force loses nothing. */
const end = async (pid) => {
  for (const last = Date.now() + SHUTDOWN_MS; isAlive(pid);) {
    try {
      process.kill(pid, Date.now() > last ? 'SIGKILL' : 'SIGTERM');
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
    await gone(pid, 2_000);
  }
};

const start = async () => {
  process.umask(0o077);
  const left = orphan();
  if (left && (await adopt(left))) return becomeReady();
  if (state !== 'starting') return;
  rmSync(redisSocket, { force: true });
  const args = Object.entries({ ...config, dir: home, unixsocket: redisSocket, logfile: logFile });
  const child = spawn(program, args.flatMap(([key, value]) => [`--${key}`, value]), { cwd: home, env, stdio: 'ignore' }); // prettier-ignore
  const exit = new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ? `it was ended by ${signal}` : `it exited with ${code}`));
  });
  if (child.pid) rememberPid((redisPid = child.pid));
  void exit.then(ended);
  const isStarting = () => state === 'starting' && child.exitCode === null && child.signalCode === null;
  while (isStarting() && (await ping()) !== 'pong') await delay(POLL_MS);
  if (isStarting()) becomeReady();
};

const rememberPid = (pid) => {
  try {
    writeFileSync(pidFile, String(pid));
  } catch (error) {
    log(`${pidFile} cannot be written: ${error.message}`);
  }
};

const becomeReady = () => {
  if (state !== 'starting') return;
  state = 'ready';
  readyAt = Date.now();
  broadcast({ ...greeting(), type: deaths > 0 ? 'restarted' : 'ready' });
};

const ended = async (reason) => {
  redisPid = 0;
  if (state === 'closing' || state === 'failed') return;
  const wasHealthy = state === 'ready' && Date.now() - readyAt >= HEALTHY_MS;
  state = 'starting';
  deaths += 1;
  why = `${reason}; ${lastLogLines()}`;
  log(`Redis is gone: ${reason}`);
  if (readyAt === 0) return fail();
  if (wasHealthy) nextPauseMs = pause.firstMs;
  const pauseMs = nextPauseMs;
  nextPauseMs = Math.min(2 * pauseMs, pause.mostMs);
  await delay(pauseMs);
  if (state === 'starting') await start();
};

const lastLogLines = () => {
  try {
    return readFileSync(logFile, 'utf8').trim().split('\n').filter((line) => !line.includes(':supervisor ')).slice(-3).join(' | '); // prettier-ignore
  } catch {
    return '';
  }
};

const fail = () => {
  state = 'failed';
  log(`giving up: ${why}`);
  broadcast(greeting());
  leave(1);
};

const close = async () => {
  if (state === 'closing' || state === 'failed') return;
  state = 'closing';
  broadcast(greeting());
  if (redisPid) await end(redisPid);
  leave(0);
};

const leave = (code) => {
  rmSync(redisSocket, { force: true });
  rmSync(pidFile, { force: true });
  clients.forEach((socket) => socket.end());
  setTimeout(() => process.exit(code), 50);
};

// --- the services

const farewell = (socket) => {
  if (!clients.has(socket)) return;
  if (clients.size === 1) return void close();
  clients.delete(socket);
  socket.end();
};

const server = createServer({ allowHalfOpen: true }, (socket) => {
  clients.add(socket);
  socket.on('error', () => socket.destroy());
  socket.on('end', () => farewell(socket)).on('close', () => farewell(socket));
  socket.resume();
  if (state !== 'starting') send(socket, greeting());
});

const ownSocket = join(sockets, `s.${process.pid}.${randomBytes(3).toString('hex')}`);
server.listen(ownSocket, async () => {
  const won = await elect(ownSocket);
  rmSync(ownSocket, { force: true });
  process.stdout.write(won ? 'won\n' : 'lost\n');
  if (!won) process.exit(0);
  setTimeout(() => clients.size === 0 && void close(), FIRST_CLIENT_MS);
  process.on('SIGTERM', close).on('SIGINT', close).on('SIGHUP', () => undefined); // prettier-ignore
  void start();
});
