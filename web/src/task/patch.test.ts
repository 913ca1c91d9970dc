import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { counterparts, differenceOf, parsePatch, type FilePatch } from './patch.js';

const run = promisify(execFile);

describe('a patch of git', () => {
  let folder: string;
  let files: FilePatch[];
  const git = async (...args: string[]) => (await run('git', ['-C', folder, ...args])).stdout;
  const of = (path: string) => files.find((file) => file.path === path);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hyper-run-patch-'));
    await git('init', '-q');
    await writeFile(join(folder, 'words.md'), 'one\ntwo\nthree\n-- a rule\ndiff --git a/x b/x\n');
    await writeFile(join(folder, 'gone.md'), 'here\n');
    await writeFile(join(folder, 'old name.md'), 'the same\nand more of it\n');
    await writeFile(join(folder, 'run.sh'), '#!/bin/sh\n');
    await writeFile(join(folder, 'image.png'), Buffer.from([0, 1, 2]));
    await git('add', '-A');
    await git('-c', 'user.name=a', '-c', 'user.email=a@example.org', 'commit', '-qm', 'Begin');
    await writeFile(join(folder, 'words.md'), 'one\nTWO\nthree\ndiff --git a/x b/x\nno end');
    await rm(join(folder, 'gone.md'));
    await git('mv', 'old name.md', 'new name.md');
    await chmod(join(folder, 'run.sh'), 0o755);
    await writeFile(join(folder, 'image.png'), Buffer.from([0, 3]));
    await writeFile(join(folder, 'ä "b".md'), '<b>new</b>\n');
    await git('add', '-A');
    files = parsePatch(await git('diff', '--cached', '--find-renames'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('names every file, however it is quoted', () =>
    expect(files.map(({ path }) => path).toSorted()).toEqual(
      ['gone.md', 'image.png', 'new name.md', 'run.sh', 'words.md', 'ä "b".md'].toSorted(),
    ));
  it('says what became of each', () => {
    expect(of('gone.md')).toMatchObject({ change: 'deleted', additions: 0, deletions: 1 });
    expect(of('ä "b".md')).toMatchObject({ change: 'added', additions: 1, deletions: 0 });
    expect(of('new name.md')).toMatchObject({ change: 'renamed', from: 'old name.md', size: 0 });
    expect(of('run.sh')).toMatchObject({ change: 'modified', mode: '100644 → 100755', hunks: [] });
    expect(of('image.png')).toMatchObject({ change: 'modified', binary: true });
  });
  it('numbers the lines of both versions, and takes content that looks like a head as content', () =>
    expect(of('words.md')?.hunks.flatMap(({ lines }) => lines)).toEqual([
      { kind: 'same', old: 1, new: 1, text: 'one' },
      { kind: 'removed', old: 2, text: 'two' },
      { kind: 'added', new: 2, text: 'TWO' },
      { kind: 'same', old: 3, new: 3, text: 'three' },
      { kind: 'removed', old: 4, text: '-- a rule' },
      { kind: 'same', old: 5, new: 4, text: 'diff --git a/x b/x' },
      { kind: 'added', new: 5, text: 'no end' },
      { kind: 'note', text: 'No newline at end of file' },
    ]));
  it('is nothing where it is empty', () => expect(parsePatch('')).toEqual([]));
});

describe('two versions of a line', () => {
  it.each<[string, string, string, string]>([
    ['You will recieve it', 'You will receive it', 'ie', 'ei'],
    ['abc', 'abc', '', ''],
    ['', 'new', '', 'new'],
    ['aa', 'aaa', '', 'a'],
    ['a😀b', 'a😁b', '😀', '😁'],
  ])('%j and %j differ in %j and %j', (before, after, old, next) => {
    const { start, end } = differenceOf(before, after);
    expect([before.slice(start, before.length - end), after.slice(start, after.length - end)]).toEqual([old, next]);
  });
  it('belong together where as many were removed as added', () => {
    const line = (kind: 'same' | 'added' | 'removed') => ({ kind, text: '' });
    const lines = [line('same'), line('removed'), line('removed'), line('added'), line('added'), line('removed')];
    expect([...counterparts(lines)]).toEqual([
      [1, 3],
      [3, 1],
      [2, 4],
      [4, 2],
    ]);
  });
});
