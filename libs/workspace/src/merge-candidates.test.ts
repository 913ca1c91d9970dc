import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Oid, TaskId } from '#contracts';
import { compareFingerprints, GitRepository, runGit } from '#git';
import { commitAll, git, makeRepository, writeFiles, type Files } from '../../../test/harness/repositories.js';
import { CandidateMerger, type Part } from './index.js';

const PAGE = 'one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\n';
const FILES: Files = { 'docs/a.md': PAGE, 'docs/b.md': 'b\n', 'docs/guide/c.md': 'c\n', 'run.sh': PAGE };

describe('candidates of several tasks', () => {
  let folder: string;
  let path: string;
  let base: Oid;
  let repository: GitRepository;
  let count = 0;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hyper-merge-'));
    path = await makeRepository(folder, 'pages', FILES);
    base = Oid.parse(await git(path, 'rev-parse', 'HEAD'));
    repository = await GitRepository.open(path);
  });
  afterAll(async () => {
    repository.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** What a task made of the base. */
  const part = async (change: () => Promise<unknown>): Promise<Part> => {
    const taskId = TaskId.parse(`t-${(count += 1)}`);
    await git(path, 'checkout', '--quiet', '-b', `hyper-run/${taskId}`, base);
    await change();
    const commit = await commitAll(path, `Change by ${taskId}`);
    await git(path, 'checkout', '--quiet', 'main');
    return { taskId, tree: Oid.parse(await git(path, 'rev-parse', `${commit}^{tree}`)) };
  };
  const writing = (files: Files) => part(() => writeFiles(path, files));
  const open = (packs: readonly Buffer[] = []) =>
    CandidateMerger.open({ repository, directory: join(folder, `objects-${(count += 1)}`), base, packs });
  const merge = async (...parts: readonly Part[]) => (await open()).merge(parts);
  const conflicts = async (...parts: readonly Part[]) => {
    const merged = await merge(...parts);
    return merged.ok ? 'none' : merged.conflicts;
  };
  /** The files of a merged tree, read where its objects lie. */
  const merged = async (...parts: readonly Part[]) => {
    const directory = join(folder, `objects-${(count += 1)}`);
    const merger = await CandidateMerger.open({ repository, directory, base, packs: [] });
    const result = await merger.merge(parts);
    if (!result.ok) throw new Error(`Conflicts: ${JSON.stringify(result.conflicts)}`);
    const objects = repository.withPrivateObjects(directory);
    try {
      const entries = await objects.listFiles(result.tree);
      const contents = await Promise.all(entries.map(({ oid }) => objects.readBlob(oid)));
      const files = entries.map(
        (entry, index) => [entry.path, `${entry.mode} ${contents[index]?.toString()}`] as const,
      );
      return { files: Object.fromEntries(files), shared: result.shared };
    } finally {
      objects.close();
    }
  };

  it('become one tree; who changed the same file without a conflict is named', async () => {
    const top = await writing({ 'docs/a.md': PAGE.replace('one', 'ONE') });
    const end = await writing({ 'docs/a.md': PAGE.replace('nine', 'NINE'), 'docs/new.md': 'new\n' });
    const { files, shared } = await merged(top, end);
    expect(files).toMatchObject({
      'docs/a.md': `100644 ${PAGE.replace('one', 'ONE').replace('nine', 'NINE')}`,
      'docs/new.md': '100644 new\n',
      'docs/b.md': '100644 b\n',
    });
    expect(shared).toEqual([{ path: 'docs/a.md', taskIds: [top.taskId, end.taskId] }]);
    expect(await merged(top)).toMatchObject({ shared: [], files: { 'docs/b.md': '100644 b\n' } });
  });

  it('conflict where they change the same lines, and every task in it is named', async () => {
    const one = await writing({ 'docs/a.md': PAGE.replace('five', 'FIVE'), 'docs/b.md': 'B\n' });
    const other = await writing({ 'docs/guide/c.md': 'C\n' });
    const two = await writing({ 'docs/a.md': PAGE.replace('five', 'V') });
    const three = await writing({ 'docs/a.md': PAGE.replace('five', '5'), 'docs/b.md': 'bb\n' });
    expect(await conflicts(one, other, two, three)).toEqual([
      { path: 'docs/a.md', taskIds: [one.taskId, two.taskId, three.taskId] },
      { path: 'docs/b.md', taskIds: [one.taskId, three.taskId] },
    ]);
    expect(await conflicts(one, other)).toBe('none');
  });

  it('conflict where one deletes what the other changes', async () => {
    const gone = await part(() => rm(join(path, 'docs/b.md')));
    const changed = await writing({ 'docs/b.md': 'B\n' });
    const both = [{ path: 'docs/b.md', taskIds: [gone.taskId, changed.taskId] }];
    expect(await conflicts(gone, changed)).toEqual(both);
    expect(await conflicts(changed, gone)).toEqual([{ ...both[0], taskIds: [changed.taskId, gone.taskId] }]);
  });

  it('follow a file that one renamed and the other changed', async () => {
    const renamed = await part(() => git(path, 'mv', 'docs/a.md', 'docs/z.md'));
    const changed = await writing({ 'docs/a.md': PAGE.replace('one', 'ONE') });
    const { files } = await merged(renamed, changed);
    expect(files['docs/z.md']).toBe(`100644 ${PAGE.replace('one', 'ONE')}`);
    expect(files['docs/a.md']).toBeUndefined();
  });

  it('leave a new file where it is although the other renamed its folder', async () => {
    const moved = await part(() => git(path, 'mv', 'docs/guide', 'docs/handbook'));
    const added = await writing({ 'docs/guide/new.md': 'new\n' });
    const { files } = await merged(moved, added);
    expect(Object.keys(files)).toEqual(expect.arrayContaining(['docs/guide/new.md', 'docs/handbook/c.md']));
  });

  it('keep a mode that one changed and a content that the other changed', async () => {
    const executable = await part(() => chmod(join(path, 'run.sh'), 0o755));
    const changed = await writing({ 'run.sh': PAGE.replace('one', 'ONE') });
    expect((await merged(executable, changed)).files['run.sh']).toBe(`100755 ${PAGE.replace('one', 'ONE')}`);
  });

  it('agree where both made the same change', async () => {
    const [one, same] = [await writing({ 'docs/b.md': 'B\n' }), await writing({ 'docs/b.md': 'B\n' })];
    expect(await merged(one, same)).toMatchObject({
      files: { 'docs/b.md': '100644 B\n' },
      shared: [{ path: 'docs/b.md', taskIds: [one.taskId, same.taskId] }],
    });
  });

  it('conflict where one makes a file and the other a folder of the same name', async () => {
    const file = await writing({ 'docs/new': 'a file\n' });
    const inFolder = await writing({ 'docs/new/page.md': 'a page\n' });
    expect(await conflicts(file, inFolder)).toEqual([{ path: 'docs/new', taskIds: [file.taskId, inFolder.taskId] }]);
  });

  it('name those that touch a path where no two of them conflict, but all together do', async () => {
    const changing = (...lines: readonly string[]) =>
      lines.reduce((text, line) => text.replace(line, line.toUpperCase()), PAGE);
    // Together they leave so little of the file that its new name is not known for a new name any more.
    const renamed = await part(async () => {
      await git(path, 'mv', 'docs/a.md', 'docs/z.md');
      await writeFiles(path, { 'docs/z.md': changing('one', 'two', 'three') });
    });
    const middle = await writing({ 'docs/a.md': changing('five', 'six', 'seven') });
    const end = await writing({ 'docs/a.md': changing('nine') });
    for (const pair of [[renamed, middle] as const, [renamed, end] as const, [middle, end] as const])
      expect(await conflicts(...pair)).toBe('none');
    expect(await conflicts(renamed, middle, end)).toEqual([
      { path: 'docs/a.md', taskIds: [renamed.taskId, middle.taskId, end.taskId] },
    ]);
  });

  it('are merged from their packs when their branches are gone', async () => {
    const lost = await writing({ 'docs/b.md': 'lost\n' });
    const commit = await git(path, 'rev-parse', `hyper-run/${lost.taskId}`);
    const args = ['pack-objects', '--stdout', '--revs', '-q'];
    const { stdout: pack } = await runGit(args, { ...repository.call, input: `${commit}\n^${base}\n` });
    await git(path, 'branch', '--quiet', '-D', `hyper-run/${lost.taskId}`);
    await git(path, 'reflog', 'expire', '--expire=now', '--all');
    await git(path, 'gc', '--quiet', '--prune=now');
    repository.close();
    expect(await repository.objects.has(lost.tree)).toBe(false);
    expect(await (await open([pack])).merge([lost])).toMatchObject({ ok: true, tree: lost.tree });
  });

  it('are not merged where attributes name a driver that git does not have, and nobody runs it or sees it', async () => {
    await git(path, 'config', 'merge.evil.driver', `touch ${join(folder, 'evil')}; exit 0`);
    await writeFiles(path, { '.git/info/attributes': '*.md merge=evil\n' });
    const one = await writing({ 'docs/a.md': PAGE.replace('five', 'FIVE') });
    const two = await writing({ 'docs/a.md': PAGE.replace('one', 'ONE') });
    const other = await writing({ 'docs/b.md': 'other\n' });
    const before = await repository.fingerprint();
    await expect(merge(one, two)).rejects.toMatchObject({
      code: 'git.foreign-merge-driver',
      message: expect.stringMatching(/docs\/a\.md.*"evil".*hyper-run merge/),
    });
    expect(await conflicts(one, other)).toBe('none');
    expect(compareFingerprints(before, await repository.fingerprint())).toEqual([]);
    expect(await readdir(folder)).not.toContain('evil');
    const branches = [one, two].map(({ taskId }) => `hyper-run/${taskId}`);
    await git(path, 'merge-tree', '--write-tree', ...branches);
    expect(await readdir(folder)).toContain('evil');
    await writeFiles(path, { '.git/info/attributes': '' });
  });

  it('are merged by the drivers that git has, as the attributes of the base name them', async () => {
    const attributes = { '.gitattributes': '*.log merge=union\n[attr]whole -merge\n*.dat whole\n', 'docs/.gitattributes': '*.log binary\n' }; // prettier-ignore
    const names = ['a.log', 'a.dat', 'docs/a.log', 'a.md'];
    const filled = (text: string) => Object.fromEntries(names.map((name) => [name, `one\n${text}`]));
    await git(path, 'checkout', '--quiet', '-b', 'with-attributes', base);
    await writeFiles(path, { ...attributes, ...filled('') });
    const before = base;
    base = Oid.parse(await commitAll(path, 'Attributes'));
    try {
      const [one, two] = [await writing(filled('left\n')), await writing(filled('right\n'))];
      expect(await conflicts(one, two)).toEqual(
        ['a.dat', 'a.md', 'docs/a.log'].map((name) => ({ path: name, taskIds: [one.taskId, two.taskId] })),
      );
      const left = await writing({ 'a.log': 'one\nleft\n' });
      const files = await merged(left, await writing({ 'a.log': 'one\nright\n' }));
      expect(JSON.stringify(files)).toContain(String.raw`one\nleft\nright\n`);
    } finally {
      base = before;
      await git(path, 'checkout', '--quiet', 'main');
    }
  });

  it('are not merged by a git that cannot do it without a work tree, and the error says what helps', async () => {
    const old = join(folder, 'old-git');
    await writeFiles(old, { git: '#!/bin/sh\necho git version 2.34.1\n' });
    await chmod(join(old, 'git'), 0o755);
    const before = process.env['PATH'];
    process.env['PATH'] = `${old}:${before}`;
    try {
      await expect(open()).rejects.toMatchObject({
        code: 'git.too-old',
        message: expect.stringMatching(/needs git 2\.38 or later, found git version 2\.34\.1.*hyper-run merge/),
      });
    } finally {
      process.env['PATH'] = before;
    }
  });
});
