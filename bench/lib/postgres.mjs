import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, chown, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { NotMeasured } from './not-measured.mjs';

const DEBIAN_VERSIONS = '/usr/lib/postgresql';
const START_MS = 30_000;

/**
 * A PostgreSQL of its own in a temporary folder, reached by a Unix socket, run by an unprivileged user (it refuses to run
 * as root). Nothing of it is tuned for one of the peers; what keeps the measurement even: memory enough for all data, and
 * no checkpoint and no vacuum in the middle of a round, as Redis does not rewrite its append-only file then.
 * @param {'on' | 'off'} synchronousCommit the counterpart of `appendfsync always` and `everysec`
 */
export const startPostgres = async (synchronousCommit) => {
  const bin = await findPostgres();
  const user = await unprivileged();
  const directory = await mkdtemp(join(tmpdir(), 'hr-pg-'));
  let server;
  const end = async () => {
    if (server !== undefined && server.exitCode === null && server.signalCode === null) await shutDown(server);
    await rm(directory, { recursive: true, force: true });
  };
  try {
    if (user !== undefined) await chown(directory, user.uid, user.gid);
    const data = join(directory, 'data');
    await run(join(bin, 'initdb'), ['-D', data, '-U', 'bench', '-A', 'trust', '-E', 'UTF8', '--locale=C'], user);
    const settings = {
      listen_addresses: '',
      unix_socket_directories: directory,
      fsync: 'on',
      synchronous_commit: synchronousCommit,
      max_connections: '200',
      shared_buffers: '512MB',
      max_wal_size: '8GB',
      checkpoint_timeout: '1h',
      autovacuum: 'off',
      jit: 'off',
    };
    const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    server = spawn(join(bin, 'postgres'), ['-D', data, ...args], { ...user, env: ENVIRONMENT, stdio: PIPED });
    await ready(server);
    const host = encodeURIComponent(directory);
    return { url: `postgresql://bench@${host}:5432/postgres`, directory, end };
  } catch (error) {
    await end();
    throw error;
  }
};

const ENVIRONMENT = { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' };
const PIPED = ['ignore', 'ignore', 'pipe'];

const PATIENCE_MS = 3000;
const GOODBYE = '57P01';

const bearGoodbye = (error) => {
  if (error?.code !== GOODBYE) throw error;
};

/** Waits for clients to leave, then ends it all the same. Pools that were closed may still hear of that, and throw. */
const shutDown = async (server) => {
  const exited = once(server, 'exit');
  process.on('uncaughtException', bearGoodbye);
  server.kill('SIGTERM');
  const late = setTimeout(() => server.kill('SIGINT'), PATIENCE_MS);
  await exited;
  clearTimeout(late);
  setImmediate(() => process.off('uncaughtException', bearGoodbye));
};

/** The folder of `initdb` and `postgres`: on PATH, or the newest of those that Debian keeps beside each other. */
const findPostgres = async () => {
  const versions = await readdir(DEBIAN_VERSIONS).catch(() => []);
  const newest = versions.toSorted((a, b) => Number(b) - Number(a));
  const folders = [
    ...(process.env.PATH ?? '').split(delimiter),
    ...newest.map((version) => join(DEBIAN_VERSIONS, version, 'bin')),
  ];
  for (const folder of folders) {
    const found = await Promise.all(['initdb', 'postgres'].map((name) => access(join(folder, name)))).catch(() => null);
    if (found !== null) return folder;
  }
  throw new NotMeasured('there is no PostgreSQL here (package postgresql)');
};

/** `nobody` when we are root; nobody else needs it. */
const unprivileged = async () => {
  if (process.getuid?.() !== 0) return undefined;
  const users = await readFile('/etc/passwd', 'utf8');
  const [, uid, gid] = /^nobody:[^:]*:(\d+):(\d+):/m.exec(users) ?? [];
  if (uid === undefined) throw new NotMeasured('PostgreSQL refuses to run as root, and there is no user nobody');
  return { uid: Number(uid), gid: Number(gid) };
};

const run = async (program, args, user) => {
  const child = spawn(program, args, { ...user, env: ENVIRONMENT, cwd: '/', stdio: PIPED });
  let said = '';
  child.stderr.on('data', (chunk) => (said += chunk));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${said.slice(-500)}`);
};

const ready = (server) =>
  new Promise((resolve, reject) => {
    let said = '';
    const late = setTimeout(() => reject(new Error(`PostgreSQL did not start: ${said.slice(-500)}`)), START_MS);
    server.stderr.on('data', (chunk) => {
      said = (said + chunk).slice(-4000);
      if (!said.includes('ready to accept connections')) return;
      clearTimeout(late);
      resolve();
    });
    server.once('exit', (code) => {
      clearTimeout(late);
      reject(new Error(`PostgreSQL ended with ${code}: ${said.slice(-500)}`));
    });
  });

export const versionOfPostgres = async () => {
  const bin = await findPostgres().catch(() => undefined);
  if (bin === undefined) return 'absent';
  const child = spawn(join(bin, 'postgres'), ['--version'], { stdio: ['ignore', 'pipe', 'ignore'] });
  let said = '';
  child.stdout.on('data', (chunk) => (said += chunk));
  await once(child, 'close');
  return /\d+(\.\d+)*/.exec(said)?.[0] ?? 'unknown';
};
