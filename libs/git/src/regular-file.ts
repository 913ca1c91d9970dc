import { constants } from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import { unreadable } from './unreadable.js';

/**
 * The text of a file whose name anybody may have given to something else: opening a named pipe would hold one of the
 * few threads that read files for ever.
 * @throws HyperRunError repository.unreadable if it is no regular file; otherwise as `readFile`
 */
export const readRegularFile = async (path: string, encoding: 'latin1' | 'utf8'): Promise<string> => {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if ((await file.stat()).isFile()) return await file.readFile(encoding);
  } finally {
    await file.close();
  }
  throw unreadable(path, 'expected a regular file, found something else');
};

/** @throws HyperRunError repository.unreadable if there is something at the path that is neither a file nor nothing */
export const requireRegularOrAbsent = async (path: string): Promise<void> => {
  const found = await lstat(path).catch(() => undefined);
  if (found !== undefined && !found.isFile()) throw unreadable(path, 'expected a regular file, found something else');
};
