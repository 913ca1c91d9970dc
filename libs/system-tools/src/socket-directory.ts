import { createHash, randomBytes } from 'node:crypto';
import { link, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeOf } from './failure.js';
import { privateDirectory } from './private-directory.js';

/** The address of a Unix socket holds 103 bytes on macOS and 107 on Linux; the longest name that we put behind the
 *  directory is `/s.4194304.abcdef`. */
const LONGEST_DIRECTORY = 103 - 24;

/**
 * Where the sockets of a data directory are: in it, or, when its path is too long for a socket's address, in a short
 * private folder whose path is written down in it once, so that every process goes to the same one.
 */
export const socketDirectory = async (home: string): Promise<string> => {
  if (Buffer.byteLength(home) <= LONGEST_DIRECTORY) return home;
  const record = join(home, 'socket-directory');
  return privateDirectory((await read(record)) ?? (await writeOnce(record, shortPath(home))));
};

/** `m` of a model, `r` of a registry, the process that listens there, and something that tells them apart. */
const SOCKET = /^[mr]\.(\d+)\.[0-9a-f]{6}$/;

/** Sockets of a data directory whose processes are gone. They can be removed. */
export const deadSockets = async (home: string): Promise<readonly string[]> => {
  const folder = Buffer.byteLength(home) <= LONGEST_DIRECTORY ? home : await read(join(home, 'socket-directory'));
  const names = folder === undefined ? [] : await readdir(folder).catch(() => []);
  const isDead = (name: string) => {
    const pid = SOCKET.exec(name)?.[1];
    return pid !== undefined && !lives(Number(pid));
  };
  return names.filter(isDead).map((name) => join(folder ?? '', name));
};

const lives = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
};

const shortPath = (home: string): string => {
  const name = `hyper-run-${createHash('sha256').update(home).digest('hex').slice(0, 16)}`;
  const parent = [tmpdir(), '/tmp'].find((path) => Buffer.byteLength(join(path, name)) <= LONGEST_DIRECTORY) ?? '/tmp';
  return join(parent, name);
};

const read = async (record: string): Promise<string | undefined> => {
  try {
    return (await readFile(record, 'utf8')).trim();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
};

/** Of two that write at the same time, both go by what the first has written. */
const writeOnce = async (record: string, path: string): Promise<string> => {
  const draft = `${record}.${randomBytes(4).toString('hex')}`;
  await writeFile(draft, path, { mode: 0o600 });
  try {
    await link(draft, record);
    return path;
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    return (await read(record)) ?? path;
  } finally {
    await rm(draft, { force: true });
  }
};
