import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Oid } from '#contracts';
import {
  compareFingerprints,
  GitRepository,
  importPack,
  materialise,
  PrivateObjects,
  runGit,
  staysInside,
  textOf,
} from './index.js';
import { removeStaleLock } from './refs.js';

const root = mkdtempSync(join(tmpdir(), 'hyper-git-'));
const environment = { PATH: process.env['PATH'], HOME: root, GIT_CONFIG_NOSYSTEM: '1' };
const git = (cwd: string, ...args: string[]) => {
  const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', '-c', 'protocol.file.allow=always'];
  return execFileSync('git', [...identity, ...args], { cwd, encoding: 'utf8', stdio: 'pipe', env: environment }).trim();
};
const write = (cwd: string, path: string, content: string) => {
  mkdirSync(join(cwd, path, '..'), { recursive: true });
  writeFileSync(join(cwd, path), content);
};
const make = (name: string, ...options: string[]) => {
  const path = join(root, name);
  git(root, 'init', '-q', '-b', 'main', ...options, path);
  return path;
};
const commit = (cwd: string) => {
  git(cwd, 'add', '-A');
  git(cwd, 'commit', '-q', '--allow-empty', '-m', 'change');
  return Oid.parse(git(cwd, 'rev-parse', 'HEAD'));
};
const open: GitRepository[] = [];
const opened = async (path: string) => {
  const repository = await GitRepository.open(path);
  open.push(repository);
  return repository;
};
const refusal = (path: string, allowedRoots?: readonly string[]) =>
  GitRepository.open(path, allowedRoots && { allowedRoots }).then(
    () => 'opened',
    (error: unknown) => error,
  );
const code = (name: string) => expect.objectContaining({ name: 'HyperRunError', code: name });

let plain: string;
let first: Oid;
beforeAll(() => {
  plain = make('plain');
  write(plain, 'docs/a.md', 'one\ntwo\n');
  write(plain, 'docs/b c.md', 'three\n');
  write(plain, 'src/run.sh', '#!/bin/sh\n');
  chmodSync(join(plain, 'src/run.sh'), 0o755);
  symlinkSync('a.md', join(plain, 'docs/link.md'));
  first = commit(plain);
});
afterAll(() => {
  for (const repository of open) repository.close();
  rmSync(root, { recursive: true, force: true });
});

describe('a repository', () => {
  it('is found from a folder below its top level', async () => {
    const repository = await opened(join(plain, 'docs'));
    expect(repository.path).toBe(plain);
    expect(await repository.head()).toBe(first);
  });

  it('lists its files with mode, object and size, and gives their bytes', async () => {
    const repository = await opened(plain);
    const files = await repository.listFiles(first);
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

  it('lists a commit once for all who open the repository, and for nobody who opens another', async () => {
    git(root, 'clone', '-q', plain, 'twin');
    const [one, again, twin] = [await opened(plain), await opened(plain), await opened(join(root, 'twin'))];
    const files = await one.listFiles(first);
    expect(await again.listFiles(first)).toBe(files);
    expect(await twin.listFiles(first)).not.toBe(files);
    expect(await twin.listFiles(first)).toEqual(files);
  });

  it('answers for many objects at once, and names the one it does not have', async () => {
    const repository = await opened(plain);
    const blobs = (await repository.listFiles(first)).map(({ oid }) => repository.readBlob(oid));
    const missing = repository.readBlob(Oid.parse('1'.repeat(40)));
    await expect(missing).rejects.toEqual(code('git.unknown-object'));
    expect(await Promise.all(blobs)).toHaveLength(4);
  });

  it('tells detached HEAD, dirt, and untracked files apart', async () => {
    const path = make('states');
    write(path, 'a.md', 'a\n');
    commit(path);
    expect(await (await opened(path)).describe()).toMatchObject({
      branch: 'main',
      dirty: false,
      untracked: 0,
      bare: false,
    });
    write(path, 'new.md', 'n\n');
    write(path, 'a.md', 'b\n');
    git(path, 'checkout', '-q', '--detach');
    expect(await (await opened(path)).describe()).toMatchObject({ branch: null, dirty: true, untracked: 1 });
  });

  it('says what makes a checkout differ from what is stored', async () => {
    const path = make('attributes');
    write(path, '.gitattributes', '*.bin filter=lfs diff=lfs -text\n*.txt eol=crlf\n# x ident\n');
    commit(path);
    git(path, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', plain, 'vendor/plain');
    commit(path);
    expect(await (await opened(path)).describe()).toMatchObject({
      lfs: true,
      eolFilters: ['eol', 'filter'],
      submodules: ['vendor/plain'],
    });
  });

  it('is read in every form that git has', async () => {
    git(root, 'clone', '-q', '--bare', plain, 'bare.git');
    git(root, 'clone', '-q', '--shared', plain, 'alternates');
    git(plain, 'worktree', 'add', '-q', '--detach', join(root, 'linked'));
    git(root, 'clone', '-q', plain, 'split');
    git(join(root, 'split'), 'update-index', '--split-index');
    for (const name of ['bare.git', 'alternates', 'linked', 'split']) {
      const repository = await opened(join(root, name));
      expect([await repository.head(), (await repository.listFiles(first)).length]).toEqual([first, 4]);
      expect((await repository.describe()).bare).toBe(name === 'bare.git');
      expect((await repository.describe()).linkedWorkTree).toBe(name === 'linked');
    }
  });

  it('says when a line was last changed', async () => {
    const path = make('blame');
    write(path, 'a.md', 'one\ntwo\nthree\n');
    const old = commit(path);
    write(path, 'a.md', 'one\n2\nthree\n');
    const young = commit(path);
    const ages = await (await opened(path)).blameAges(young, 'a.md', [2, 3]);
    expect([...ages].map(([line, age]) => [line, age.commit, age.author])).toEqual([
      [2, young, 'Ada'],
      [3, old, 'Ada'],
    ]);
    expect(Math.abs(Date.now() - (ages.get(2)?.time ?? 0))).toBeLessThan(600_000);
  });

  it('resolves names, but no expressions or options', async () => {
    const repository = await opened(plain);
    expect(await repository.resolveCommit('main')).toBe(first);
    for (const name of ['--output=x', 'main..x', 'HEAD^{/x}', 'nothing', '', 'a b']) {
      await expect(repository.resolveCommit(name)).rejects.toEqual(code('repository.unknown-commit'));
    }
  });
});

describe('opening', () => {
  it('refuses what is not a repository by name', async () => {
    mkdirSync(join(root, 'empty'));
    writeFileSync(join(root, 'file'), '');
    expect(await refusal(join(root, 'nowhere'))).toEqual(code('repository.not-found'));
    expect(await refusal(join(root, 'empty'))).toEqual(code('repository.not-a-repository'));
    expect(await refusal(join(root, 'file'))).toEqual(code('repository.not-a-repository'));
  });

  it('refuses an unborn branch, other formats, and a branch in the way', async () => {
    expect(await refusal(make('unborn'))).toEqual(code('repository.empty'));
    const sha256 = make('sha256', '--object-format=sha256');
    git(sha256, 'commit', '-q', '--allow-empty', '-m', 'x');
    expect(await refusal(sha256)).toEqual(code('repository.unsupported-format'));
    const reftable = make('reftable');
    commit(reftable);
    git(reftable, 'config', 'core.repositoryformatversion', '1');
    git(reftable, 'config', 'extensions.refStorage', 'reftable');
    expect(await refusal(reftable)).toMatchObject({
      code: 'repository.unsupported-format',
      details: { feature: 'ref storage reftable' },
    });
    const way = make('in-the-way');
    commit(way);
    git(way, 'branch', 'hyper-run');
    expect(await refusal(way)).toEqual(code('repository.branch-in-the-way'));
    git(way, 'branch', '-m', 'hyper-run', 'other');
    await opened(way);
  });

  const broken: readonly (readonly [string, (path: string) => void, RegExp])[] = [
    ['a HEAD that is garbage', (path) => writeFileSync(join(path, '.git/HEAD'), 'garbage\n'), /not a git repository/],
    ['a configuration that is none', (path) => appendFileSync(join(path, '.git/config'), '[\u001b[31m'), /bad config/],
    ['a configuration that includes itself', (path) => appendFileSync(join(path, '.git/config'), '[include]\npath = config\n'), /circular includes/],
    ['packed refs that are garbage', (path) => writeFileSync(join(path, '.git/packed-refs'), 'gar\u001bbage\n'), /packed-refs/],
    ['packed refs that are a folder', (path) => mkdirSync(join(path, '.git/packed-refs')), /packed-refs/],
  ]; // prettier-ignore
  it.each(broken)("tells in git's words of %s", async (name, damage, words) => {
    const path = make(`broken: ${name}`);
    commit(path);
    (await GitRepository.open(path)).close();
    damage(path);
    const error = await refusal(path);
    expect(error).toMatchObject({ code: 'repository.unreadable', actor: 'caller', details: { path } });
    expect(error).toHaveProperty('message', expect.stringMatching(words));
    expect(error).toHaveProperty('message', expect.not.stringMatching(/\p{Cc}/u));
  });

  it('tells of an index that is garbage when it describes', async () => {
    const path = make('broken index');
    commit(path);
    const repository = await opened(path);
    expect((await repository.describe()).dirty).toBe(false);
    writeFileSync(join(path, '.git/index'), 'garbage');
    await expect(repository.describe()).rejects.toMatchObject({
      code: 'repository.unreadable',
      message: expect.stringMatching(/index/),
    });
  });

  it('waits 10 s at most for a named pipe in place of a file', async () => {
    const [refs, config, index, object] = ['packed-refs', 'config', 'index', 'object'].map((name) => {
      const path = make(`pipe as ${name}`);
      write(path, 'a.md', 'a\n');
      commit(path);
      return path;
    });
    if (!refs || !config || !index || !object) throw new Error('Four repositories were to be made.');
    const [ofIndex, ofObject] = [await opened(index), await opened(object)];
    const tree = git(object, 'rev-parse', 'HEAD^{tree}');
    const replace = (path: string) => {
      rmSync(path, { force: true });
      execFileSync('mkfifo', [path]);
    };
    replace(join(refs, '.git/packed-refs'));
    replace(join(config, '.git/config'));
    replace(join(index, '.git/index'));
    replace(join(object, '.git/objects', tree.slice(0, 2), tree.slice(2)));
    await expect(ofIndex.describe()).rejects.toMatchObject({
      code: 'repository.unreadable',
      message: expect.stringMatching('expected a regular file'),
    });
    const described = ofObject.describe().catch((error: unknown) => error);
    const errors = await Promise.all([refusal(refs), refusal(config), described]);
    for (const error of errors)
      expect(error).toMatchObject({ code: 'repository.unreadable', message: expect.stringMatching('within 10000 ms') });
  });

  it('does not wait for a named pipe in place of a HEAD that it reads itself', async () => {
    const path = make('pipe as HEAD');
    commit(path);
    git(path, 'worktree', 'add', '-q', join(root, 'linked-to-pipe'));
    const repository = await opened(path);
    expect(await repository.checkedOutBranches()).toHaveLength(2);
    const head = join(path, '.git/worktrees/linked-to-pipe/HEAD');
    rmSync(head);
    execFileSync('mkfifo', [head]);
    await expect(repository.checkedOutBranches()).rejects.toEqual(code('repository.unreadable'));
  });

  it('refuses a partial clone, which has not all objects', async () => {
    git(plain, 'config', 'uploadpack.allowFilter', 'true');
    git(root, 'clone', '-q', '--filter=blob:none', '--no-checkout', `file://${plain}`, 'partial');
    expect(await refusal(join(root, 'partial'))).toMatchObject({
      code: 'repository.unsupported-format',
      details: { feature: 'a partial clone' },
    });
  });

  it('keeps to the allowed roots, also where a .git file or a link leads out of them', async () => {
    const inside = join(root, 'roots');
    mkdirSync(join(inside, 'evil'), { recursive: true });
    writeFileSync(join(inside, 'evil/.git'), `gitdir: ${plain}/.git\n`);
    symlinkSync(plain, join(inside, 'link'));
    expect(await refusal(plain, [inside])).toEqual(code('repository.outside-roots'));
    expect(await refusal(join(inside, 'evil'), [inside])).toEqual(code('repository.outside-roots'));
    expect(await refusal(join(inside, 'link'), [inside])).toEqual(code('repository.outside-roots'));
    expect((await GitRepository.open(plain, { allowedRoots: [root] })).path).toBe(plain);
  });
});

/** That it runs nothing which a repository configures is in test/attacks. */
describe('git as it is called', () => {
  it('ends what takes too long or writes too much, and says why something failed', async () => {
    const call = { gitDir: join(plain, '.git') };
    await expect(
      runGit(['cat-file', '--batch-all-objects', '--batch'], { ...call, maxOutputBytes: 100 }),
    ).rejects.toEqual(code('git.output-too-large'));
    await expect(runGit(['cat-file', '-p', 'nothing'], call)).rejects.toMatchObject({
      code: 'git.failed',
      details: { exitCode: 128 },
    });
    await expect(runGit(['rev-parse', 'HEAD'], { ...call, signal: AbortSignal.abort() })).rejects.toEqual(
      code('git.aborted'),
    );
    expect((await runGit(['rev-parse', 'HEAD'], call)).stdout.toString().trim()).toBe(first);
  });
});

describe('a ref of ours', () => {
  it('is created once, whoever comes second', async () => {
    const repository = await opened(plain);
    const ref = 'refs/heads/hyper-run/once';
    const answers = await Promise.all([1, 2, 3, 4].map(() => repository.createRef(ref, first)));
    expect(answers.map(String).toSorted((a, b) => a.localeCompare(b))).toEqual(['created', 'same', 'same', 'same']);
    const other = Oid.parse(git(plain, 'commit-tree', '-m', 'other', `${first}^{tree}`));
    expect(await repository.createRef(ref, other)).toEqual({ other: first });
    await expect(repository.deleteRef(ref, other)).rejects.toEqual(code('git.failed'));
    expect(await repository.deleteRef(ref, first)).toBe(true);
    expect(await repository.deleteRef(ref, first)).toBe(false);
  });

  it('is made although a git that was killed left its lock, and not against one that holds it', async () => {
    const repository = await opened(plain);
    const lockOf = (ref: string) => join(plain, '.git', `${ref}.lock`);
    const [stale, held] = ['refs/heads/hyper-run/stale', 'refs/heads/hyper-run/held'];
    mkdirSync(join(plain, '.git/refs/heads/hyper-run'), { recursive: true });
    for (const ref of [stale, held]) writeFileSync(lockOf(ref), '');
    utimesSync(lockOf(stale), 0, 0);
    await removeStaleLock(join(plain, '.git'), held);
    expect([existsSync(lockOf(held)), await repository.createRef(stale, first)]).toEqual([true, 'created']);
    rmSync(lockOf(held));
    await expect(removeStaleLock(join(plain, '.git'), 'refs/heads/main')).rejects.toEqual(code('git.foreign-ref'));
  });

  it.each([
    'refs/heads/main',
    'HEAD',
    'refs/heads/hyper-run/../main',
    'refs/heads/hyper-run/x.lock',
    'refs/tags/hyper-run/x',
  ])('is never %s', async (ref) => {
    await expect((await opened(plain)).createRef(ref, first)).rejects.toEqual(code('git.foreign-ref'));
  });
});

describe('a fingerprint', () => {
  it('notices a change of HEAD, refs, index, configuration, hooks or work tree', async () => {
    const path = make('watched');
    write(path, 'a.md', 'a\n');
    commit(path);
    const repository = await opened(path);
    const before = await repository.fingerprint();
    await repository.createRef('refs/heads/hyper-run/task', await repository.head());
    expect(compareFingerprints(before, await repository.fingerprint())).toEqual([]);
    git(path, 'branch', 'another');
    git(path, 'config', 'user.email', 'eve@example.org');
    write(path, '.git/hooks/pre-commit', '#!/bin/sh\n');
    appendFileSync(join(path, 'a.md'), 'more\n');
    git(path, 'checkout', '-q', '--detach');
    const seen = compareFingerprints(before, await repository.fingerprint());
    expect(seen).toEqual(
      expect.arrayContaining([
        'HEAD',
        'ref refs/heads/another',
        'file config',
        'file hooks/pre-commit',
        'status of the work tree',
      ]),
    );
    git(path, 'add', 'a.md');
    expect(compareFingerprints(before, await repository.fingerprint())).toContain('file index');
  });

  it('leaves the index as it found it, even where git status would refresh it', async () => {
    const repository = await opened(plain);
    const index = readFileSync(join(plain, '.git/index'));
    writeFileSync(join(plain, 'docs/a.md'), 'one\ntwo\n');
    await repository.describe();
    expect(readFileSync(join(plain, '.git/index')).equals(index)).toBe(true);
  });
});

describe('private objects', () => {
  it('are seen through their directory and by nobody else', async () => {
    const repository = await opened(plain);
    const objects = await PrivateObjects.create(join(root, 'private'));
    const blob = await objects.writeBlob(Buffer.from('new\n'));
    const tree = await objects.writeTree([{ mode: '100644', name: 'n.md', oid: blob }]);
    const overlay = repository.withPrivateObjects(join(root, 'private'));
    expect((await overlay.readBlob(blob)).toString()).toBe('new\n');
    expect((await overlay.changes(first, tree)).files).toContainEqual({
      path: 'n.md',
      change: 'added',
      additions: 1,
      deletions: 0,
    });
    expect(await repository.objects.has(blob)).toBe(false);
    overlay.close();
  });

  it('are refused when their content is not what their name says', async () => {
    const repository = await opened(plain);
    const objects = await PrivateObjects.create(join(root, 'corrupt'));
    const blob = await objects.writeBlob(Buffer.from('good\n'));
    const other = await objects.writeBlob(Buffer.from('evil\n'));
    const at = (oid: string) => join(root, 'corrupt/objects', oid.slice(0, 2), oid.slice(2));
    const content = readFileSync(at(other));
    rmSync(at(blob));
    writeFileSync(at(blob), content);
    const overlay = repository.withPrivateObjects(join(root, 'corrupt'));
    await expect(overlay.readBlob(blob)).rejects.toEqual(code('git.corrupt-object'));
    expect((await overlay.readBlob(other)).toString()).toBe('evil\n');
    overlay.close();
  });

  it('come in as a pack only if everything they link to is there', async () => {
    const repository = await opened(plain);
    const objects = await PrivateObjects.create(join(root, 'dangling'));
    const tree = await objects.writeTree([{ mode: '100644', name: 'n.md', oid: Oid.parse('2'.repeat(40)) }]);
    const overlay = repository.withPrivateObjects(join(root, 'dangling'));
    const { stdout } = await overlay.run(['pack-objects', '--stdout', '-q'], { input: `${tree}\n` });
    overlay.close();
    await expect(importPack(repository, stdout)).rejects.toEqual(code('git.bad-pack'));
    await expect(importPack(repository, Buffer.from('not a pack'))).rejects.toEqual(code('git.bad-pack'));
    expect(git(plain, 'fsck', '--strict', '--no-dangling')).toBe('');
  });
});

describe('materialising', () => {
  it('writes stored bytes, executable bits and inner links, and leaves the rest out', async () => {
    const path = make('out');
    write(path, '.gitattributes', '*.txt eol=crlf\n');
    write(path, 'a.txt', 'one\n');
    write(path, 'bin/run', '#!/bin/sh\n');
    chmodSync(join(path, 'bin/run'), 0o755);
    symlinkSync('../a.txt', join(path, 'bin/good'));
    symlinkSync('../../etc', join(path, 'bin/bad'));
    symlinkSync('/etc/passwd', join(path, 'absolute'));
    writeFileSync(Buffer.concat([Buffer.from(`${path}/caf`), Buffer.from([0xe9])]), 'latin\n');
    const oid = commit(path);
    const target = join(root, 'target');
    const result = await materialise((await opened(path)).objects, oid, target);
    expect(result).toEqual({ files: 5, skipped: ['absolute', 'bin/bad'] });
    expect(readFileSync(join(target, 'a.txt'), 'utf8')).toBe('one\n');
    expect(readFileSync(join(target, 'bin/good'), 'utf8')).toBe('one\n');
    expect(execFileSync('find', ['.', '-perm', '-100', '-type', 'f'], { cwd: target, encoding: 'utf8' })).toBe(
      './bin/run\n',
    );
    expect(readFileSync(Buffer.concat([Buffer.from(`${target}/caf`), Buffer.from([0xe9])]), 'utf8')).toBe('latin\n');
    await expect(materialise((await opened(path)).objects, oid, target)).rejects.toEqual(code('git.target-not-empty'));
  });

  it.each([
    ['a/b/link', '../../x', true],
    ['a/b/link', 'x/y', true],
    ['link', '../x', false],
    ['a/link', '../../x', false],
    ['a/link', 'b/../../..', false],
    ['a/link', '/etc', false],
    ['a/link', '../.git/config', false],
    ['a/link', '', false],
  ])('of a link %j to %j: stays inside is %j', (path, target, inside) =>
    expect(staysInside(path, target)).toBe(inside),
  );

  it('keeps names that are not UTF-8 apart from text', () => expect(textOf('caf\u00e9')).toBe('caf\uFFFD'));
});
