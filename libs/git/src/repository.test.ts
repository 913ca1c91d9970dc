import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Oid } from '#contracts';
import { GitRepository } from './index.js';

const root = mkdtempSync(join(tmpdir(), 'hyper-git-'));
const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org'];
const git = (cwd: string, ...args: string[]) =>
  execFileSync('git', [...identity, ...args], { cwd, encoding: 'utf8', stdio: 'pipe' }).trim();
const write = (cwd: string, path: string, content: string) => {
  mkdirSync(join(cwd, path, '..'), { recursive: true });
  writeFileSync(join(cwd, path), content);
};
const make = (name: string, ...options: string[]) => {
  const path = join(root, name);
  git(root, 'init', '-q', '-b', 'main', ...options, path);
  return path;
};
const commit = (cwd: string, message = 'change') => {
  git(cwd, 'add', '-A');
  git(cwd, 'commit', '-q', '-m', message, '--date', '2024-01-02T03:04:05Z');
  return Oid.parse(git(cwd, 'rev-parse', 'HEAD'));
};
const open: GitRepository[] = [];
const opened = async (path: string) => {
  const repository = await GitRepository.open(path);
  open.push(repository);
  return repository;
};

let plain: string;
beforeAll(() => {
  plain = make('plain');
  write(plain, 'docs/a.md', 'one\ntwo\n');
  write(plain, 'docs/b c.md', 'three\n');
  write(plain, 'src/run.sh', '#!/bin/sh\n');
  chmodSync(join(plain, 'src/run.sh'), 0o755);
  symlinkSync('a.md', join(plain, 'docs/link.md'));
  commit(plain);
});
afterAll(() => {
  for (const repository of open) repository.close();
  rmSync(root, { recursive: true, force: true });
});

describe('a repository', () => {
  it('is found from a folder below its top level', async () => {
    const repository = await opened(join(plain, 'docs'));
    expect(repository.path).toBe(plain);
    expect(await repository.head()).toBe(git(plain, 'rev-parse', 'HEAD'));
  });

  it('lists its files with mode, object and size, and gives their bytes', async () => {
    const repository = await opened(plain);
    const files = await repository.listFiles(await repository.head());
    expect(files.map(({ path, mode, size }) => [path, mode, size])).toEqual([
      ['docs/a.md', '100644', 8],
      ['docs/b c.md', '100644', 6],
      ['docs/link.md', '120000', 4],
      ['src/run.sh', '100755', 10],
    ]);
    const texts: string[] = [];
    for await (const [, content] of repository.readBlobs(files.map(({ oid }) => oid))) texts.push(content.toString());
    expect(texts).toEqual(['one\ntwo\n', 'three\n', 'a.md', '#!/bin/sh\n']);
  });
});
