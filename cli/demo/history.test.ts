import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runGit } from '#git';
import { buildExample, cloneAway } from './history.js';

const EXAMPLES = fileURLToPath(new URL('../../examples/', import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hyper-run-history-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const git = async (name: string, ...args: string[]) => {
  const workTree = join(folder, name);
  return (await runGit(args, { gitDir: join(workTree, '.git'), workTree })).stdout.toString('utf8').trim();
};

describe('the history of the example', () => {
  it('ends in what lies in its folder, with a clean work tree', async () => {
    await buildExample('star-ledger', join(folder, 'one'), EXAMPLES);
    const there = (await readdir(join(EXAMPLES, 'star-ledger'), { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(join(EXAMPLES, 'star-ledger/').length));
    expect((await git('one', 'ls-files')).split('\n').toSorted()).toEqual(there.toSorted());
    expect(await git('one', 'status', '--porcelain')).toBe('');
    for (const path of there)
      expect(await readFile(join(folder, 'one', path), 'utf8')).toBe(
        await readFile(join(EXAMPLES, 'star-ledger', path), 'utf8'),
      );
  });

  it('is the same, commit by commit, whenever it is built, and has two authors', async () => {
    await buildExample('star-ledger', join(folder, 'two'), EXAMPLES);
    expect(await git('two', 'rev-list', 'HEAD')).toBe(await git('one', 'rev-list', 'HEAD'));
    expect(new Set((await git('two', 'log', '--format=%an')).split('\n')).size).toBe(2);
  });

  it('can be cloned away, so that nothing leads back to the original', async () => {
    await cloneAway(join(folder, 'one'), join(folder, 'away'));
    expect(await git('away', 'rev-parse', 'HEAD')).toBe(await git('one', 'rev-parse', 'HEAD'));
    expect(await git('away', 'remote')).toBe('');
    expect(await git('away', 'status', '--porcelain')).toBe('');
  });
});
