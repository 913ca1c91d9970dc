import { randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { socketDirectory } from '#system-tools';
import type { Config } from '../config/config.js';

const SOCKET = /^[mr]\.(\d+)\.[0-9a-f]{6}$/;

/**
 * A path for a socket of a model (`m`) or of a registry (`r`): in the private folder of the service, for it may not be long. What
 * a process that is gone left there is removed.
 */
export const freshSocket = async (config: Pick<Config, 'dataDirectory'>, of: 'm' | 'r'): Promise<string> => {
  const folder = await socketDirectory(config.dataDirectory);
  for (const name of await readdir(folder)) {
    const pid = SOCKET.exec(name)?.[1];
    if (pid !== undefined && !lives(Number(pid))) await rm(join(folder, name), { force: true });
  }
  return join(folder, `${of}.${process.pid}.${randomBytes(3).toString('hex')}`);
};

const lives = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
};
