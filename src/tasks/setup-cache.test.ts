import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { GitRepository } from '#git';
import { prepareSetup } from '#sandbox';
import { git, makeRepository } from '../../test/harness/repositories.js';
import { setupCacheOf } from './setup-cache.js';

const MANIFEST = { 'package.json': '{ "name": "same" }\n' };
const makes = (word: string) => ({
  ...MANIFEST,
  'make.sh': `mkdir node_modules && echo ${word} > node_modules/word\n`,
});

let folder: string;
const before = process.env['XDG_CACHE_HOME'];
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'hyper-run-setup-cache-')));
  process.env['XDG_CACHE_HOME'] = join(folder, 'cache');
});
afterEach(async () => {
  if (before === undefined) delete process.env['XDG_CACHE_HOME'];
  else process.env['XDG_CACHE_HOME'] = before;
  await rm(folder, { recursive: true, force: true });
});

const cacheOf = async (path: string): Promise<string> => {
  const repository = await GitRepository.open(path);
  repository.close();
  return setupCacheOf(repository);
};

const setUp = async (path: string) => {
  const directory = await mkdtemp(join(folder, 'checkout-'));
  for (const [name, text] of Object.entries(MANIFEST)) await writeFile(join(directory, name), text);
  await git(path, `--work-tree=${directory}`, 'checkout', 'HEAD', '--', '.');
  return prepareSetup({
    directory,
    files: Object.keys(makes('')),
    commands: [{ name: 'make', command: 'sh make.sh', origin: 'a test' }],
    tree: 'one tree',
    cacheDirectory: await cacheOf(path),
    hosts: [],
    timeoutSeconds: 20,
    isolation: 'none',
  });
};

describe('what a set-up made', () => {
  it('is not given to another repository with the same manifests and commands', async () => {
    const ours = await makeRepository(folder, 'ours', makes('ours'));
    const theirs = await makeRepository(folder, 'theirs', makes('theirs'));
    expect((await setUp(theirs)).reused).toBe(false);
    expect((await setUp(ours)).reused).toBe(false);
  });

  it('is given to a later run on the same repository, and to its linked work trees', async () => {
    const ours = await makeRepository(folder, 'ours', makes('ours'));
    await git(ours, 'worktree', 'add', '--quiet', join(folder, 'linked'));
    expect((await setUp(ours)).reused).toBe(false);
    expect((await setUp(join(folder, 'linked'))).reused).toBe(true);
  });
});
