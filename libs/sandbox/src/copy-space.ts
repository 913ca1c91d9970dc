import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { HyperRunError } from '#contracts';
import { messageOf } from './failure.js';
import { removeTree } from './remove-tree.js';
import type { SpaceSettings, TreeSpace } from './tree-space.js';
import { usageOf, watchFolders } from './watch.js';

const run = promisify(execFile);

/** A copy of the tree, where there is no overlay: as safe, but as slow as the tree is large. */
export const copySpace = async ({ lower, directory, owner, limits, prepare }: SpaceSettings): Promise<TreeSpace> => {
  const [tree, tmp, home] = ['tree', 'tmp', 'home'].map((name) => join(directory, name)) as [string, string, string];
  const close = async () => {
    for (const path of [tree, tmp, home]) await removeTree(path);
  };
  try {
    await run('cp', ['-a', '--reflink=auto', '--', lower, tree]);
    await mkdir(tmp, { mode: 0o1777 });
    await mkdir(home, { mode: 0o755 });
  } catch (error) {
    await close();
    throw new HyperRunError('sandbox.no-space', `The tree could not be copied: ${messageOf(error)}`, {}, 'operator');
  }
  try {
    await prepare?.(tree);
    if (owner !== undefined) await run('chown', ['-RhP', `${owner}:${owner}`, '--', tree, tmp, home]);
  } catch (error) {
    await close();
    throw error;
  }
  const places = { tree, tmp, home };
  const before = await usageOf([tree]);
  const most = { bytes: before.bytes + limits.bytes, files: before.files + limits.files };
  const scratch = { bytes: 2 * limits.scratchBytes, files: limits.files };
  const watches = [watchFolders([tree], most), watchFolders([tmp, home], scratch)];
  return { enter: [], ...places, visible: places, upper: undefined, watches, assertThere: () => undefined, close };
};
