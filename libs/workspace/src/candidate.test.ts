import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TaskId, type Oid } from '#contracts';
import { compareFingerprints, GitRepository } from '#git';
import { entryBytes, RawCandidates } from '../../../test/harness/raw-candidates.js';
import { isPlainPath } from './gate-rules.js';
import {
  branchOfTask,
  buildCandidate,
  commitCandidate,
  compileScope,
  gate,
  publish,
  validatePath,
  verificationCheckout,
  VirtualTree,
  withBaseFiles,
} from './index.js';

const root = mkdtempSync(join(tmpdir(), 'hyper-workspace-'));
const git = (cwd: string, args: readonly string[], input: string | Buffer = '', environment: NodeJS.ProcessEnv = {}) =>
  execFileSync(
    'git',
    [
      '-c',
      'user.name=Ada',
      '-c',
      'user.email=ada@example.org',
      '-c',
      'core.protectHFS=false',
      '-c',
      'core.protectNTFS=false',
      '-c',
      'protocol.file.allow=always',
      ...args,
    ],
    {
      cwd,
      input,
      encoding: 'utf8',
      stdio: 'pipe',
      env: { PATH: process.env['PATH'], HOME: root, GIT_CONFIG_NOSYSTEM: '1', ...environment },
    },
  ).trim();

const POINTER = 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n';
const FILES = {
  'docs/a.md': 'one\ntwo\n',
  'docs/d/deep.md': 'deep\n',
  'docs/big.bin': POINTER,
  'docs/run.sh': '#!/bin/sh\n',
  'docs/only/one.md': 'one\n',
  'src/x.js': 'x\n',
  'tests/a.test.js': 'test\n',
  'package.json': '{}\n',
};
const makeRepository = (name: string) => {
  const path = join(root, name);
  git(root, ['init', '-q', '-b', 'main', path]);
  for (const [file, content] of Object.entries(FILES)) {
    mkdirSync(join(path, file, '..'), { recursive: true });
    writeFileSync(join(path, file), content);
  }
  chmodSync(join(path, 'docs/run.sh'), 0o755);
  symlinkSync('../src', join(path, 'docs/link'));
  git(path, ['add', '-A']);
  git(path, ['update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},docs/module`]);
  git(path, ['commit', '-q', '-m', 'base']);
  return path;
};

let path: string;
let repository: GitRepository;
let base: Oid;
beforeAll(async () => {
  path = makeRepository('main');
  repository = await GitRepository.open(path);
  base = await repository.head();
});
afterAll(() => {
  repository.close();
  rmSync(root, { recursive: true, force: true });
});

const docs = compileScope({ patterns: ['docs/**'] });
const treeWith = (scope = docs) => VirtualTree.at({ repository, commit: base, scope });
const folder = () => mkdtempSync(join(root, 'private-'));
const code = (name: string) => expect.objectContaining({ name: 'HyperRunError', code: name });
const author = { name: 'hyper-run', email: 'hyper-run@localhost' };
const finish = async (content: string, directory = folder(), of = repository) => {
  const commit = await of.head();
  const tree = await VirtualTree.at({ repository: of, commit, scope: docs });
  await tree.write('docs/a.md', content);
  const candidate = await buildCandidate({ repository: of, tree, directory });
  const time = 1_700_000_000_000;
  return {
    candidate,
    directory,
    ...(await commitCandidate({
      repository: of,
      directory,
      tree: candidate.tree,
      parents: [commit],
      message: 'Fix',
      author,
      time,
    })),
  };
};

describe('a virtual tree', () => {
  it('reads, lists and changes a commit without touching anything', async () => {
    const tree = await treeWith();
    expect((await tree.read('docs/a.md'))?.toString()).toBe('one\ntwo\n');
    await tree.write('docs/new/x.md', 'x\n');
    await tree.write('docs/a.md', 'changed\n');
    await tree.delete('docs/d/deep.md');
    expect(await tree.list('docs')).toEqual([
      'docs/a.md',
      'docs/big.bin',
      'docs/link',
      'docs/module',
      'docs/new/x.md',
      'docs/only/one.md',
      'docs/run.sh',
    ]);
    expect((await tree.read('docs/a.md'))?.toString()).toBe('changed\n');
    expect(await tree.read('docs/d/deep.md')).toBeUndefined();
    expect(await tree.stat('docs/new')).toMatchObject({ kind: 'directory', changed: true });
    expect(await tree.stat('docs/link')).toMatchObject({ kind: 'symlink', changed: false });
    expect(await tree.stat('docs/run.sh')).toMatchObject({ kind: 'executable' });
    expect(tree.changes().map((change) => [change.path, change.content?.toString()])).toEqual([
      ['docs/a.md', 'changed\n'],
      ['docs/d/deep.md', undefined],
      ['docs/new/x.md', 'x\n'],
    ]);
    expect(readFileSync(join(path, 'docs/a.md'), 'utf8')).toBe('one\ntwo\n');
  });

  it('reads nothing through a link, out of the tree, or by a disguised name', async () => {
    const tree = await treeWith();
    for (const name of [
      'docs/link/x.js',
      'docs/link',
      'docs/module',
      '../main/package.json',
      '/etc/passwd',
      'docs',
      '.git/config',
      'docs/../package.json',
    ]) {
      expect(await tree.read(name)).toBeUndefined();
    }
    expect((await tree.read('src/x.js'))?.toString()).toBe('x\n');
  });

  it('gives away no buffer through which it could be changed', async () => {
    const tree = await treeWith();
    const content = Buffer.from('mine\n');
    await tree.write('docs/a.md', content);
    content.fill(0x78);
    (await tree.read('docs/a.md'))?.fill(0x79);
    tree.changes()[0]?.content?.fill(0x7a);
    expect((await tree.read('docs/a.md'))?.toString()).toBe('mine\n');
  });

  it('refuses to write over what lives in Git LFS, and keeps nothing of it', async () => {
    const tree = await treeWith();
    await expect(tree.write('docs/big.bin', 'x\n')).rejects.toMatchObject({
      code: 'scope.violated',
      details: { path: 'docs/big.bin', rule: 'tree.lfs-pointer' },
    });
    expect(tree.changes()).toEqual([]);
  });

  it.each([
    'docs/a.md',
    'docs/new.md',
    'docs/d/e/f/g.md',
    'docs/café.md',
    'docs/日本.md',
    'docs/x y.md',
    'docs/.hidden',
    'docs/run.sh',
    'docs/link2',
  ])('writes %s', async (name) => {
    const tree = await treeWith();
    await tree.write(name, 'x\n');
    const candidate = await buildCandidate({ repository, tree, directory: folder() });
    expect(candidate.files.map((file) => file.path)).toEqual([name]);
  });

  it.each([
    ['docs/a', 'docs/a/b', 'tree.is-directory'],
    ['docs/a/b', 'docs/a', 'tree.is-directory'],
    ['docs/N.md', 'docs/n.md', 'tree.twin'],
    ['docs/New/a.md', 'docs/new/b.md', 'tree.twin'],
  ])('refuses %j and %j together', async (one, two, rule) => {
    const tree = await treeWith();
    await tree.write(one, 'x\n');
    await expect(tree.write(two, 'x\n')).rejects.toMatchObject({ details: { rule } });
  });

  it('refuses a deletion where it would refuse to write, and one of nothing', async () => {
    const tree = await treeWith();
    for (const name of ['src/x.js', 'docs/link', 'docs/module', 'docs/d', 'docs/big.bin'])
      await expect(tree.delete(name)).rejects.toEqual(code('scope.violated'));
    await expect(tree.delete('docs/nothing.md')).rejects.toEqual(code('tree.not-found'));
  });

  it('keeps within its limits', async () => {
    const tree = await VirtualTree.at({
      repository,
      commit: base,
      scope: docs,
      limits: { fileBytes: 10, files: 2, totalBytes: 15 },
    });
    await expect(tree.write('docs/a.md', 'x'.repeat(11))).rejects.toEqual(code('tree.too-large'));
    await tree.write('docs/a.md', 'x'.repeat(10));
    await expect(tree.write('docs/b.md', 'x'.repeat(6))).rejects.toEqual(code('tree.too-large'));
    await tree.write('docs/b.md', 'x');
    await expect(tree.write('docs/c.md', 'x')).rejects.toEqual(code('tree.too-large'));
    await expect(tree.delete('docs/d/deep.md')).rejects.toEqual(code('tree.too-large'));
    await tree.write('docs/b.md', 'y');
  });

  it('is put back as it was marked, past its limits, and nothing is left of what came after', async () => {
    const limits = { fileBytes: 4, files: 2 };
    const tree = await VirtualTree.at({ repository, commit: base, scope: docs, limits });
    await tree.write('docs/new.sh', 'new', { executable: true });
    const before = tree.changes();
    const undo = tree.mark();
    await tree.delete('docs/a.md');
    await expect(tree.write('docs/a.md', FILES['docs/a.md'])).rejects.toEqual(code('tree.too-large'));
    await tree.write('docs/new.sh', 'else');
    undo();
    expect(tree.changes()).toEqual(before);
    expect(String(await tree.read('docs/a.md'))).toBe(FILES['docs/a.md']);
    await tree.delete('docs/a.md');
  });
});

describe('a candidate', () => {
  it('is what native git would make of the same changes', async () => {
    const tree = await treeWith();
    await tree.write('docs/a.md', 'one\n2\n');
    await tree.write('docs/a-b/c.md', 'c\n');
    await tree.write('docs/run.sh', '#!/bin/sh\ntrue\n');
    await tree.delete('docs/only/one.md');
    const candidate = await buildCandidate({ repository, tree, directory: folder() });
    const clone = join(root, 'native');
    git(root, ['clone', '-q', path, clone]);
    git(clone, ['apply', '--index', '-'], candidate.patch);
    expect(candidate.tree).toBe(git(clone, ['write-tree']));
    expect(candidate.files).toEqual([
      { path: 'docs/a-b/c.md', change: 'added', additions: 1, deletions: 0 },
      { path: 'docs/a.md', change: 'modified', additions: 1, deletions: 1 },
      { path: 'docs/only/one.md', change: 'deleted', additions: 0, deletions: 1 },
      { path: 'docs/run.sh', change: 'modified', additions: 1, deletions: 0 },
    ]);
  });

  it('must differ from the base', async () => {
    const tree = await treeWith();
    await expect(buildCandidate({ repository, tree, directory: folder() })).rejects.toEqual(code('candidate.empty'));
    await tree.write('docs/a.md', 'one\ntwo\n');
    await tree.write('docs/new.md', 'x\n');
    await tree.delete('docs/new.md');
    await expect(buildCandidate({ repository, tree, directory: folder() })).rejects.toEqual(code('candidate.empty'));
  });

  it('is the same when built again in the same folder', async () => {
    const directory = folder();
    const [one, two] = [await finish('again\n', directory), await finish('again\n', directory)];
    expect([two.candidate, two.commit]).toEqual([one.candidate, one.commit]);
  });

  it('is unknown to the repository until it is published', async () => {
    const { candidate, commit } = await finish('secret\n');
    expect(() => git(path, ['cat-file', '-e', candidate.tree])).toThrow('Command failed');
    expect(() => git(path, ['cat-file', '-e', commit])).toThrow('Command failed');
    git(path, ['cat-file', '-e', base]);
  });

  it('passes the gate, with new files, deletions and executable files as they were', async () => {
    const tree = await treeWith();
    await tree.write('docs/run.sh', '#!/bin/sh\ntrue\n');
    await tree.write('docs/n/e/w.md', 'x\n');
    await tree.delete('docs/a.md');
    const directory = folder();
    const candidate = await buildCandidate({ repository, tree, directory });
    expect(await gate({ repository, base, candidateTree: candidate.tree, directory, scope: docs })).toEqual({
      ok: true,
      files: 3,
    });
  });
});

/** What it refuses of the attacks is in test/attacks. */
describe('the gate alone', () => {
  const rulesOf = async ({ directory }: RawCandidates, candidateTree: Oid, scope = docs) => {
    const verdict = await gate({ repository, base, candidateTree, directory, scope });
    return verdict.ok ? [] : [...new Set(verdict.violations.map(({ rule }) => rule))];
  };
  const made = () => new RawCandidates(repository, base, folder());
  const entry = (name: string, content?: string) => ({ mode: '100644', path: name, ...(content && { content }) });

  it('lets a changed executable file and a name with accents and spaces through', async () => {
    const candidates = made();
    const tree = candidates.tree([{ ...entry('docs/run.sh'), mode: '100755' }, entry('docs/é è.md')]);
    expect(await rulesOf(candidates, tree)).toEqual([]);
  });

  it('refuses entries out of order', async () => {
    const candidates = made();
    const unsorted = Buffer.concat(['b', 'a'].map((name) => entryBytes('100644', name, candidates.blob())));
    const inside = entryBytes('40000', 'unsorted', candidates.store('tree', unsorted));
    expect(await rulesOf(candidates, await candidates.treeWithBytes('docs', [inside]))).toContain(
      'gate.malformed-tree',
    );
  });

  it('keeps to the paths of the task, and to protected names even in a scope of everything', async () => {
    const candidates = made();
    const everything = compileScope({ patterns: ['**'], paths: ['docs/a.md', 'package.json'] });
    const tree = candidates.tree([entry('package.json'), entry('src/x.js', 'y\n')]);
    expect(await rulesOf(candidates, tree, everything)).toEqual([
      'protected.package-manifest',
      'gate.outside-scope',
      'outside-task',
    ]);
    const granted = compileScope({ patterns: ['**'], paths: ['package.json', 'src/x.js'], grants: ['package.json'] });
    expect(await rulesOf(candidates, tree, granted)).toEqual([]);
  });

  it('refuses a file in place of a folder, where something outside the task goes with it', async () => {
    const candidates = made();
    const scope = compileScope({ patterns: ['docs/**'], paths: ['docs/d'] });
    const tree = candidates.tree([{ mode: '0', path: 'docs/d/deep.md' }, entry('docs/d')]);
    expect(await rulesOf(candidates, tree, scope)).toEqual(['gate.outside-scope', 'outside-task']);
  });

  it('refuses more than 1,000 files, and a candidate that changes nothing', async () => {
    const candidates = made();
    const entries = Array.from({ length: 1001 }, (_, i) => entry(`docs/many/${i}.md`));
    expect(await rulesOf(candidates, candidates.tree(entries))).toEqual(['gate.too-many-files']);
    expect(await rulesOf(candidates, candidates.tree(entries.slice(1)))).toEqual([]);
    expect(await rulesOf(candidates, await repository.treeOf(base))).toEqual(['gate.nothing-changed']);
  });

  it('does not judge what it cannot read', async () => {
    const candidates = made();
    const missing = await candidates.treeWithBytes('docs', [entryBytes('40000', 'gone', '3'.repeat(40))]);
    const judging = gate({ repository, base, candidateTree: missing, directory: candidates.directory, scope: docs });
    await expect(judging).rejects.toEqual(code('git.failed'));
  });
});

describe('the two judges of a path', () => {
  it('agree on every character of the basic plane', () => {
    const differing: string[] = [];
    for (let point = 1; point < 0x10000; point += 1) {
      const name = `a${String.fromCodePoint(point)}b`;
      const surrogate = point >= 0xd800 && point < 0xe000;
      if (!surrogate && isPlainPath(Buffer.from(name)) !== (validatePath(name) === undefined))
        differing.push(point.toString(16));
    }
    expect(differing).toEqual([]);
  });
});

describe('publishing', () => {
  let turn = 0;
  const fresh = async () => {
    const at = makeRepository(`publish-${(turn += 1)}`);
    return { at, of: await GitRepository.open(at) };
  };
  const branch = branchOfTask(TaskId.parse('fix-links-1'));

  it('creates the branch and changes nothing else that the user has', async () => {
    const { at, of } = await fresh();
    writeFileSync(join(at, 'src/x.js'), 'work in progress\n');
    writeFileSync(join(at, 'untracked'), 'u\n');
    const before = await of.fingerprint();
    const { commit, pack, candidate } = await finish('published\n', folder(), of);
    expect(await publish({ repository: of, pack, commit, branch })).toBe('created');
    expect(await publish({ repository: of, pack, commit, branch })).toBe('same');
    expect(compareFingerprints(before, await of.fingerprint())).toEqual([]);
    expect(git(at, ['show', `${branch}:docs/a.md`])).toBe('published');
    expect(git(at, ['log', '--format=%T %P %an %ct %s', '-1', branch])).toBe(
      `${candidate.tree} ${await of.head()} hyper-run 1700000000 Fix`,
    );
    expect(git(at, ['fsck', '--strict', '--no-dangling'])).toBe('');
    expect(git(at, ['reflog', 'exists', `refs/heads/${branch}`])).toBe('');
    of.close();
  });

  it('goes forward from wherever it was interrupted', async () => {
    const { at, of } = await fresh();
    const { commit, pack } = await finish('crash\n', folder(), of);
    git(at, ['unpack-objects', '-q'], pack);
    expect(await publish({ repository: of, pack, commit, branch })).toBe('created');
    git(at, ['update-ref', '-d', `refs/heads/${branch}`]);
    git(at, ['update-ref', `refs/heads/${branch}`, commit]);
    expect(await publish({ repository: of, pack, commit, branch })).toBe('same');
    of.close();
  });

  it('lets one of two publishers of different work win, and both of the same', async () => {
    const { at, of } = await fresh();
    const second = await GitRepository.open(at);
    const [one, two] = [await finish('one\n', folder(), of), await finish('two\n', folder(), of)];
    const both = await Promise.all(
      [of, second].map((repository) => publish({ repository, ...one, branch: 'hyper-run/same' })),
    );
    expect(both.toSorted((a, b) => a.localeCompare(b))).toEqual(['created', 'same']);
    const race = await Promise.allSettled([
      publish({ repository: of, ...one, branch }),
      publish({ repository: second, ...two, branch }),
    ]);
    expect(race.map(({ status }) => status).toSorted((a, b) => a.localeCompare(b))).toEqual(['fulfilled', 'rejected']);
    expect(race.find((result) => result.status === 'rejected')?.reason).toEqual(code('publish.foreign-ref'));
    of.close();
    second.close();
  });

  it('never moves a branch that is there, checked out, or in the way', async () => {
    const { at, of } = await fresh();
    const { commit, pack } = await finish('blocked\n', folder(), of);
    git(at, ['branch', branch]);
    await expect(publish({ repository: of, pack, commit, branch })).rejects.toEqual(code('publish.foreign-ref'));
    git(at, ['branch', '-D', branch]);
    git(at, ['symbolic-ref', 'HEAD', `refs/heads/${branch}`]);
    await expect(publish({ repository: of, pack, commit, branch })).rejects.toEqual(code('publish.branch-checked-out'));
    git(at, ['symbolic-ref', 'HEAD', 'refs/heads/main']);
    git(at, ['branch', 'hyper-run']);
    await expect(publish({ repository: of, pack, commit, branch })).rejects.toEqual(code('publish.branch-in-the-way'));
    git(at, ['branch', '-D', 'hyper-run']);
    expect(await publish({ repository: of, pack, commit, branch })).toBe('created');
    of.close();
  });

  it('names what stops it: broken pack, held lock, repository gone', async () => {
    const { at, of } = await fresh();
    const { commit, pack } = await finish('stopped\n', folder(), of);
    const broken = Buffer.from(pack);
    broken.writeUInt8(broken.readUInt8(40) ^ 0xff, 40);
    await expect(publish({ repository: of, pack: broken, commit, branch })).rejects.toEqual(
      code('publish.import-failed'),
    );
    expect(git(at, ['branch', '--list', 'hyper-run/*'])).toBe('');
    mkdirSync(join(at, '.git/refs/heads/hyper-run'));
    const lock = join(at, '.git/refs/heads', `${branch}.lock`);
    writeFileSync(lock, '');
    await expect(publish({ repository: of, pack, commit, branch })).rejects.toEqual(code('publish.ref-failed'));
    rmSync(lock);
    renameSync(at, `${at}-moved`);
    await expect(publish({ repository: of, pack, commit, branch })).rejects.toEqual(code('publish.repository-gone'));
    renameSync(`${at}-moved`, at);
    expect(await publish({ repository: of, pack, commit, branch })).toBe('created');
    of.close();
  });

  it('works from a linked work tree, a clone with alternates and a bare repository alike', async () => {
    const { at } = await fresh();
    git(at, ['worktree', 'add', '-q', '--detach', `${at}-linked`]);
    git(root, ['clone', '-q', '--shared', at, `${at}-shared`]);
    git(root, ['clone', '-q', '--bare', at, `${at}-bare`]);
    for (const name of [`${at}-linked`, `${at}-shared`, `${at}-bare`]) {
      const of = await GitRepository.open(name);
      const before = await of.fingerprint();
      const { commit, pack } = await finish('everywhere\n', folder(), of);
      expect(await publish({ repository: of, pack, commit, branch })).toBe('created');
      expect(compareFingerprints(before, await of.fingerprint())).toEqual([]);
      expect(git(name, ['show', `${branch}:docs/a.md`])).toBe('everywhere');
      of.close();
    }
    expect(git(at, ['show', `${branch}:docs/a.md`])).toBe('everywhere');
  });
});

describe('a checkout for verification', () => {
  it('holds the candidate, and the tests of the base when they are put back', async () => {
    const scope = compileScope({ patterns: ['tests/**', 'docs/**'] });
    const tree = await treeWith(scope);
    await tree.write('docs/a.md', 'better\n');
    await tree.write('tests/a.test.js', 'weaker\n');
    await tree.write('tests/added/b.test.js', 'always green\n');
    const privateDirectory = folder();
    const candidate = await buildCandidate({ repository, tree, directory: privateDirectory });
    const directory = join(folder(), 'checkout');
    await verificationCheckout({ repository, treeish: candidate.tree, directory, privateDirectory });
    const content = (name: string) => readFileSync(join(directory, name), 'utf8');
    expect([content('docs/a.md'), content('tests/a.test.js')]).toEqual(['better\n', 'weaker\n']);
    await withBaseFiles({ repository, base, directory, paths: ['tests/a.test.js', 'tests/added/b.test.js'] });
    expect([content('docs/a.md'), content('tests/a.test.js')]).toEqual(['better\n', 'test\n']);
    expect(existsSync(join(directory, 'tests/added'))).toBe(false);
  });

  it('puts nothing back through a link or outside', async () => {
    const directory = join(folder(), 'checkout');
    await verificationCheckout({ repository, treeish: base, directory });
    for (const name of ['docs/link/x.js', '../x', '/etc/x', 'docs/../../x']) {
      await expect(withBaseFiles({ repository, base, directory, paths: [name] })).rejects.toEqual(
        code('checkout.unsafe-path'),
      );
    }
    await withBaseFiles({ repository, base, directory, paths: ['src/x.js'] });
    expect(readFileSync(join(directory, 'src/x.js'), 'utf8')).toBe('x\n');
  });
});
