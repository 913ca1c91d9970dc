import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { promisify } from 'node:util';
import { HyperRunError } from '#contracts';
import type { TreeSpace } from './tree-space.js';

const run = promisify(execFile);

export interface HomeContent {
  /** A folder of the host that the home folder begins as a copy of. */
  readonly template?: string | undefined;
  /** Path in the home folder → content. Read by nobody else. */
  readonly files?: Readonly<Record<string, string>> | undefined;
}

/**
 * Fills the home folder of a space in which nothing has run yet.
 * @throws HyperRunError `sandbox.invalid-home`
 */
export const fillHome = async (
  space: TreeSpace,
  { template, files = {} }: HomeContent,
  owner?: number,
): Promise<void> => {
  const { home } = space.visible;
  for (const path of Object.keys(files)) refuseOutside(path);
  if (template !== undefined)
    await run('cp', ['-a', '--', `${template}/.`, home]).catch((error: Error) => {
      throw invalid(`${JSON.stringify(template)} could not be copied: ${error.message}`);
    });
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(home, dirname(path)), { recursive: true });
    await writeFile(join(home, path), content, { mode: 0o600 });
  }
  if (owner !== undefined) await run('chown', ['-RhP', `${owner}:${owner}`, '--', home]);
};

const refuseOutside = (path: string): void => {
  const plain = normalize(path);
  if (path === '' || plain.startsWith('/') || plain.split('/').includes('..') || plain.endsWith('/') || plain === '.')
    throw invalid(`${JSON.stringify(path)} is no path of a file in it`);
};

const invalid = (why: string) =>
  new HyperRunError('sandbox.invalid-home', `The home folder of an agent cannot be prepared: ${why}.`, {}, 'operator');
