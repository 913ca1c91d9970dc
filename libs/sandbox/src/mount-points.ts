import { lstat, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { INSIDE, type Mount } from './bwrap-profile.js';

/**
 * Makes, in a tree that is prepared, what lies under mounts in it: bubblewrap could not where a tree is read-only. What is
 * there already stays. Gives their paths from the top of the tree.
 */
export const makeMountPoints = async (tree: string, mounts: readonly Mount[]): Promise<string[]> => {
  const points: string[] = [];
  for (const { host, inside } of mounts) {
    const path = relative(INSIDE, inside);
    if (path === '' || path.startsWith('..')) continue;
    points.push(path);
    const target = join(tree, path);
    if ((await lstat(target).catch(() => undefined)) !== undefined) continue;
    const isFolder = (await lstat(host)).isDirectory();
    await mkdir(isFolder ? target : dirname(target), { recursive: true });
    if (!isFolder) await writeFile(target, '', { flag: 'wx' });
  }
  return points;
};
