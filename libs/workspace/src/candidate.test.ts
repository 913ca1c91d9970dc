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
import * as fc from 'fast-check';
import { Oid, TaskId } from '#contracts';
import { compareFingerprints, GitRepository } from '#git';
import { isCovered, isPlainPath } from './gate-rules.js';
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

  it.each([
    ['1 climbs out', 'docs/../src/x', 'path.dot-segment'],
    ['2 is absolute', '/repo/package.json', 'path.absolute'],
    ['3 prefix twin of the scope', 'docs-evil/x', 'outside-scope'],
    ['4 goes through a link', 'docs/link/y', 'tree.symlink'],
    ['5 replaces a link', 'docs/link', 'tree.symlink'],
    ['12 case twin of a folder', 'docs/D/x.md', 'tree.twin'],
    ['12 case twin of a file', 'docs/A.md', 'tree.twin'],
    ['12 git directory in capitals', 'docs/.GIT/config', 'path.git-directory'],
    ['13 NFD', 'docs/cafe\u0301.md', 'path.not-normalised'],
    ['13 invisible character', 'docs/.g\u200Cit/x', 'path.invisible-character'],
    ['13 full-width dots', 'docs/\uFF0E\uFF0E/x', 'path.dot-segment'],
    ['14 NUL', 'docs/\0/../x', 'path.control-character'],
    ['15 backslash', 'docs\\..\\src', 'path.backslash'],
    ['15 short name', 'docs/git~1/x', 'path.git-directory'],
    ['16 git directory', 'docs/.git', 'path.git-directory'],
    ['17 long segment', `docs/${'x'.repeat(300)}`, 'path.too-long'],
    ['17 long path', `docs/${'abcdefghi/'.repeat(500)}x`, 'path.too-long'],
    ['18 newline', 'docs/a\nb', 'path.control-character'],
    ['18 escape', 'docs/a\u001Bb', 'path.control-character'],
    ['18 right-to-left override', 'docs/a\u202Eb', 'path.invisible-character'],
    ['22 file becomes a folder', 'docs/a.md/x', 'tree.is-file'],
    ['22 folder becomes a file', 'docs/d', 'tree.is-directory'],
    ['24 .gitmodules', 'docs/.gitmodules', 'path.git-modules'],
    ['24 submodule', 'docs/module', 'tree.submodule'],
    ['24 into a submodule', 'docs/module/x', 'tree.submodule'],
    ['25 trailing carriage return', 'docs/x\r', 'path.control-character'],
    ['26 nested repository', 'docs/r/.git/HEAD', 'path.git-directory'],
    ['27 attributes', 'docs/.gitattributes', 'protected.git'],
    ['40 manifest', 'docs/package.json', 'protected.package-manifest'],
    ['40 npm settings', 'docs/.npmrc', 'protected.environment'],
    ['44 agent settings', 'docs/.claude/settings.json', 'protected.agent-configuration'],
    ['44 agent instructions', 'docs/AGENTS.md', 'protected.agent-configuration'],
    ['LFS pointer', 'docs/big.bin', 'tree.lfs-pointer'],
  ])('refuses to write what %s', async (_, name, rule) => {
    const tree = await treeWith();
    await expect(tree.write(name, 'x\n')).rejects.toMatchObject({
      code: 'scope.violated',
      details: { path: name, rule },
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

/** Trees that no virtual tree would make, made by native git alone: the gate has to see it by itself. */
describe('the gate alone', () => {
  const environment = (directory: string) => ({
    GIT_OBJECT_DIRECTORY: join(directory, 'objects'),
    GIT_ALTERNATE_OBJECT_DIRECTORIES: join(path, '.git/objects'),
    GIT_INDEX_FILE: join(directory, 'index'),
  });
  const store = (directory: string, type: string, content: string | Buffer) =>
    Oid.parse(git(path, ['hash-object', '-w', '-t', type, '--literally', '--stdin'], content, environment(directory)));
  const blob = (directory: string, content = 'x\n') => store(directory, 'blob', content);

  /** Replaces entries of one folder of the base by raw tree bytes, and of the folders above it. */
  const entryBytes = (mode: string, name: string | Buffer, oid: string) =>
    Buffer.concat([Buffer.from(`${mode} `), Buffer.from(name), Buffer.from([0]), Buffer.from(oid, 'hex')]);
  const rawDocs = async (directory: string, more: readonly Buffer[], keep: (name: string) => boolean = () => true) => {
    const tree = await repository.treeOf(base);
    const top = await repository.objects.readTree(tree);
    const old = await repository.objects.readTree(top.find(({ name }) => name === 'docs')?.oid ?? tree);
    const inner = old.filter(({ name }) => keep(name)).map(({ mode, name, oid }) => entryBytes(mode, name, oid));
    const key = (entry: Buffer) =>
      entry.toString('latin1', entry.indexOf(0x20) + 1, entry.indexOf(0)) + (entry[0] === 0x34 ? '/' : '');
    const sorted = [...inner, ...more].toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
    const docsTree = store(directory, 'tree', Buffer.concat(sorted));
    return store(
      directory,
      'tree',
      Buffer.concat(top.map(({ mode, name, oid }) => entryBytes(mode, name, name === 'docs' ? docsTree : oid))),
    );
  };
  const indexed = (directory: string, lines: readonly string[]) => {
    git(path, ['read-tree', base], '', environment(directory));
    git(
      path,
      ['update-index', '-z', '--index-info'],
      lines.map((line) => `${line}\0`).join(''),
      environment(directory),
    );
    return Oid.parse(git(path, ['write-tree', '--missing-ok'], '', environment(directory)));
  };
  const prepared = () => {
    const directory = folder();
    mkdirSync(join(directory, 'objects'));
    return directory;
  };
  const rulesOf = async (directory: string, candidateTree: Oid, scope = docs) => {
    const verdict = await gate({ repository, base, candidateTree, directory, scope });
    return verdict.ok ? [] : [...new Set(verdict.violations.map(({ rule }) => rule))];
  };

  it.each([
    ['3 prefix twin of the scope', '100644', 'docs-evil/x', ['gate.outside-scope', 'outside-scope']],
    ['2 a file outside', '100644', 'package.json', ['gate.outside-scope', 'outside-scope']],
    ['5 a link in scope', '120000', 'docs/p', ['gate.symlink']],
    ['5 a file that becomes a link', '120000', 'docs/a.md', ['gate.symlink', 'gate.mode-changed']],
    ['5 a link that becomes a file', '100644', 'docs/link', ['gate.symlink', 'gate.mode-changed']],
    ['12 a case twin', '100644', 'docs/A.md', ['gate.twin']],
    ['12 a case twin of a folder', '100644', 'docs/D/x.md', ['gate.twin']],
    ['13 an NFD name', '100644', 'docs/cafe\u0301.md', ['gate.path', 'path.not-normalised']],
    ['13 an invisible character', '100644', 'docs/.g\u200Cit/x', ['gate.path', 'path.invisible-character']],
    ['15 a backslash', '100644', 'docs/a\\b', ['gate.path', 'path.backslash']],
    ['18 a newline', '100644', 'docs/a\nb', ['gate.path', 'path.control-character']],
    ['18 an escape', '100644', 'docs/a\u001Bb', ['gate.path', 'path.control-character']],
    ['18 a bidirectional override', '100644', 'docs/a\u202Eb', ['gate.path', 'path.invisible-character']],
    ['23 an executable bit', '100755', 'docs/a.md', ['gate.mode-changed']],
    ['23 an executable bit taken away', '100644', 'docs/run.sh', ['gate.mode-changed']],
    ['24 a submodule', '160000', 'docs/sub', ['gate.submodule']],
    ['24 .gitmodules', '100644', 'docs/.gitmodules', ['gate.path', 'path.git-modules']],
    ['27 attributes', '100644', 'docs/.gitattributes', ['protected.git']],
    ['39 a workflow', '100644', '.github/workflows/x.yml', ['gate.outside-scope', 'outside-scope']],
    ['43 verifier configuration', '100644', 'docs/jest.config.js', ['protected.verifier']],
    ['44 agent settings', '100644', 'docs/.claude/settings.json', ['protected.agent-configuration']],
  ])('refuses %s', async (_, mode, name, rules) => {
    const directory = prepared();
    const tree = indexed(directory, [`${mode} ${blob(directory)}\t${name}`]);
    expect(await rulesOf(directory, tree)).toEqual(rules);
  });

  it.each([
    ['a new file', '100644', 'docs/new.md'],
    ['a changed file', '100644', 'docs/a.md'],
    ['a new executable file', '100755', 'docs/tool.sh'],
    ['a changed executable file', '100755', 'docs/run.sh'],
    ['a name with accents and spaces', '100644', 'docs/é è.md'],
  ])('lets %s through', async (_, mode, name) => {
    const directory = prepared();
    expect(await rulesOf(directory, indexed(directory, [`${mode} ${blob(directory)}\t${name}`]))).toEqual([]);
  });

  it.each([
    ['16 an entry ".."', '100644', '..', ['gate.path', 'path.dot-segment']],
    ['16 an entry ".git"', '100644', '.git', ['gate.path', 'path.git-directory']],
    ['16 an entry ".GIT"', '100644', '.GIT', ['gate.path', 'path.git-directory']],
    ['16 an entry with a slash', '100644', 'a/b', ['gate.malformed-tree']],
    ['16 an entry that climbs', '100644', '../x', ['gate.path', 'path.dot-segment', 'gate.malformed-tree']],
    ['18 a name that is not UTF-8', '100644', Buffer.from([0x61, 0xff]), ['gate.path', 'path.not-utf8']],
    ['16 the same name twice', '100644', 'a.md', ['gate.malformed-tree']],
    ['17 a segment of 300 bytes', '100644', 'x'.repeat(300), ['gate.path', 'path.too-long']],
    ['23 an odd mode', '104755', 'odd', ['gate.mode']],
  ])('refuses raw tree bytes with %s', async (_, mode, name, rules) => {
    const directory = prepared();
    const tree = await rawDocs(directory, [entryBytes(mode, name, blob(directory))]);
    expect(await rulesOf(directory, tree)).toEqual(expect.arrayContaining([...rules]));
  });

  it('lets raw tree bytes with a good name through', async () => {
    const directory = prepared();
    expect(
      await rulesOf(directory, await rawDocs(directory, [entryBytes('100644', 'good.md', blob(directory))])),
    ).toEqual([]);
  });

  it('refuses entries out of order', async () => {
    const directory = prepared();
    const tree = store(
      directory,
      'tree',
      Buffer.concat(['b', 'a'].map((name) => entryBytes('100644', name, blob(directory)))),
    );
    const inside = await rawDocs(directory, [entryBytes('40000', 'unsorted', tree)]);
    expect(await rulesOf(directory, inside)).toContain('gate.malformed-tree');
  });

  it('sees both ends of a rename across the border of the scope', async () => {
    const directory = prepared();
    const moved = git(path, ['rev-parse', `${base}:src/x.js`]);
    const tree = indexed(directory, [`0 ${'0'.repeat(40)}\tsrc/x.js`, `100644 ${moved}\tdocs/x.js`]);
    const verdict = await gate({ repository, base, candidateTree: tree, directory, scope: docs });
    expect(verdict).toMatchObject({ ok: false, violations: [{ path: 'src/x.js' }, { path: 'src/x.js' }] });
  });

  it('refuses a file in place of a folder, where something outside the task goes with it', async () => {
    const directory = prepared();
    const scope = compileScope({ patterns: ['docs/**'], paths: ['docs/d'] });
    const tree = indexed(directory, [`0 ${'0'.repeat(40)}\tdocs/d/deep.md`, `100644 ${blob(directory)}\tdocs/d`]);
    expect(await rulesOf(directory, tree, scope)).toEqual(['gate.outside-scope', 'outside-task']);
  });

  it('keeps to the paths of the task, and to protected names even in a scope of everything', async () => {
    const directory = prepared();
    const everything = compileScope({ patterns: ['**'], paths: ['docs/a.md', 'package.json'] });
    const tree = indexed(directory, [
      `100644 ${blob(directory)}\tpackage.json`,
      `100644 ${blob(directory, 'y\n')}\tsrc/x.js`,
    ]);
    expect(await rulesOf(directory, tree, everything)).toEqual([
      'protected.package-manifest',
      'gate.outside-scope',
      'outside-task',
    ]);
    const granted = compileScope({ patterns: ['**'], paths: ['package.json', 'src/x.js'], grants: ['package.json'] });
    expect(await rulesOf(directory, tree, granted)).toEqual([]);
  });

  it('refuses more than 1,000 files, and a candidate that changes nothing', async () => {
    const directory = prepared();
    const oid = blob(directory);
    const lines = Array.from({ length: 1001 }, (_, i) => `100644 ${oid}\tdocs/many/${i}.md`);
    expect(await rulesOf(directory, indexed(directory, lines))).toEqual(['gate.too-many-files']);
    expect(await rulesOf(directory, indexed(directory, lines.slice(1)))).toEqual([]);
    expect(await rulesOf(directory, await repository.treeOf(base))).toEqual(['gate.nothing-changed']);
  });

  it('does not judge what it cannot read', async () => {
    const directory = prepared();
    const missing = await rawDocs(directory, [entryBytes('40000', 'gone', '3'.repeat(40))]);
    await expect(gate({ repository, base, candidateTree: missing, directory, scope: docs })).rejects.toEqual(
      code('git.failed'),
    );
  });
});

describe('the two judges of a path', () => {
  const unit = fc.oneof(
    fc.constantFrom(
      'a',
      'b',
      '.',
      '/',
      'g',
      'i',
      't',
      '~',
      '1',
      ' ',
      '\\',
      ':',
      '\u200c',
      '\u0301',
      'é',
      '\uFF0E',
      '\uFF0F',
    ),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
  );
  const anyPath = fc.array(unit, { minLength: 1, maxLength: 12 }).map((parts) => parts.join(''));
  it('agree on what is a good path', () => {
    fc.assert(
      fc.property(anyPath, (name) => {
        const plain = isPlainPath(Buffer.from(name));
        expect([name, plain]).toEqual([name, validatePath(name) === undefined]);
      }),
      { numRuns: 3000 },
    );
  });

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

  const literal = fc.string({ unit: fc.constantFrom('a', 'b', '[', ')', '-', '$'), minLength: 1, maxLength: 3 });
  const segment = fc.oneof(
    literal,
    literal.map((text) => `${text}*`),
    literal.map((text) => `?${text}`),
    fc.constantFrom('*', '**', '{a,b}', 'a{b,-}'),
  );
  it('read every pattern alike', () => {
    fc.assert(
      fc.property(
        fc.array(segment, { minLength: 1, maxLength: 4 }),
        fc.array(literal, { minLength: 1, maxLength: 4 }),
        (pattern, name) => {
          const scope = compileScope({ patterns: [pattern.join('/')] });
          expect(scope.check(name.join('/')).allowed).toBe(isCovered(scope.patterns, name.join('/')));
        },
      ),
      { numRuns: 2000 },
    );
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

  it.each([
    'main',
    'hyper-run/../main',
    'hyper-run/x.lock',
    '-D',
    'hyper-run/@{',
    'hyper-run/',
    'hyper-run/A',
    'refs/heads/hyper-run/x',
  ])('refuses branch %j', async (name) => {
    const { commit, pack } = await finish('name\n');
    await expect(publish({ repository, pack, commit, branch: name })).rejects.toEqual(code('publish.invalid-branch'));
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
