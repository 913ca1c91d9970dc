import { chmod, lstat, mkdir } from 'node:fs/promises';
import { HyperRunError } from '#contracts';
import { codeOf } from './failure.js';

/**
 * Makes a directory that only we can enter (mode 0700), or makes an existing one of ours so.
 * @throws HyperRunError `directory.not-ours` when it is a link, no directory, or belongs to somebody else.
 */
export const privateDirectory = async (path: string): Promise<string> => {
  await mkdir(path, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    if (codeOf(error) !== 'EEXIST') throw error;
  });
  const stat = await lstat(path);
  const us = process.getuid?.() ?? stat.uid;
  if (!stat.isDirectory() || stat.uid !== us) {
    const found = stat.isDirectory() ? `owned by uid ${stat.uid}` : 'not a directory';
    throw new HyperRunError(
      'directory.not-ours',
      `${path} must be a directory owned by uid ${us}; it is ${found}. Choose another directory or change its owner.`,
      { path },
      'operator',
    );
  }
  if ((stat.mode & 0o077) !== 0) await chmod(path, 0o700);
  return path;
};
