import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { deadSockets, socketDirectory } from '#system-tools';
import type { Config } from '../config/config.js';

/**
 * A path for a socket of a model (`m`) or of a registry (`r`): in the private folder of the service, for it may not be long. What
 * a process that is gone left there is removed.
 */
export const freshSocket = async (config: Pick<Config, 'dataDirectory'>, of: 'm' | 'r'): Promise<string> => {
  const folder = await socketDirectory(config.dataDirectory);
  for (const path of await deadSockets(config.dataDirectory)) await rm(path, { force: true });
  return join(folder, `${of}.${process.pid}.${randomBytes(3).toString('hex')}`);
};
