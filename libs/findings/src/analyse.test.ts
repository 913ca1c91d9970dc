import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Finding } from '#contracts';
import {
  analyse,
  analyseFiles,
  compareFindings,
  fixFindings,
  memoryCache,
  memoryTree,
  openFileCache,
  type SourceTree,
  withAges,
} from './index.js';

const FILES = {
  'docs/a.md': '# A\n\n[x](./gone.md)\n\n\n[y](#b)\n',
  'src/a.ts': 'lbl: for (const a of [1]) { if (!!a) { debugger; } } // TODO: less\n',
};
const ids = (findings: readonly Finding[]) => findings.map(({ findingId }) => findingId);

/** A tree that counts what is read of it. */
const watched = (tree: SourceTree) => {
  const read: string[] = [];
  const watching: SourceTree = { files: () => tree.files(), read: (path) => (read.push(path), tree.read(path)) };
  return { read, tree: watching };
};

describe('an analysis', () => {
  it('is made of valid findings, always in the same order', async () => {
    const first = await analyse(memoryTree(FILES));
    const second = await analyse(memoryTree(Object.fromEntries(Object.entries(FILES).toReversed())));
    expect(first.findings.length).toBeGreaterThan(4);
    for (const finding of first.findings) expect(Finding.parse(finding)).toEqual(finding);
    expect(second.findings).toEqual(first.findings);
    expect(first.skipped).toEqual([{ source: 'coverage', reason: 'no lcov or istanbul report found' }]);
  });

  it('gives a finding the same id when its line has moved, another when its text has changed', async () => {
    const of = async (text: string) =>
      ids((await analyse(memoryTree({ 'a.ts': text }), { sources: ['todo'] })).findings);
    const [before] = await of('// TODO: one\n');
    expect(await of('\n\n  //  TODO: one\n')).toEqual([before]);
    expect(await of('// TODO: two\n')).not.toEqual([before]);
    expect(new Set(await of('// TODO: one\n// TODO: one\n')).size).toBe(2);
  });

  it('reads only what changed, and finds the same', async () => {
    const cache = memoryCache();
    const cold = await analyse(memoryTree(FILES), { cache });
    const { read, tree } = watched(memoryTree({ ...FILES, 'docs/b.md': '# B\n' }));
    const warm = await analyse(tree, { cache });
    expect(read.filter((path) => path in FILES)).toEqual([]);
    expect(read).toContain('docs/b.md');
    expect(ids(warm.findings)).toEqual(ids(cold.findings));
  });

  it('remembers facts on disk; a damaged file is an empty cache', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'facts-'));
    const file = join(folder, 'facts.json');
    const cache = await openFileCache(file);
    const cold = await analyse(memoryTree(FILES), { cache });
    await cache.save();
    const { read, tree } = watched(memoryTree(FILES));
    expect(await analyse(tree, { cache: await openFileCache(file) })).toEqual(cold);
    expect(read.filter((path) => path in FILES)).toEqual([]);
    const { writeFile } = await import('node:fs/promises');
    await writeFile(file, '{"facts');
    expect((await openFileCache(file)).get('facts')).toBeUndefined();
    await rm(folder, { recursive: true });
  });

  it('does not read what may not be read', async () => {
    const { read, tree } = watched(memoryTree(FILES));
    const { findings } = await analyse(tree, { unreadable: (path) => path.startsWith('src/') });
    expect(findings.every(({ path }) => path.startsWith('docs/'))).toBe(true);
    expect(read).not.toContain('src/a.ts');
  });

  it('lets others run between two files that take long', async () => {
    const heavy = Array.from({ length: 4 }, (_, i) => [`${i}.md`, `# ${i}\n\n${'- a\n\n'.repeat(700)}`] as const);
    const { read, tree } = watched(memoryTree(Object.fromEntries(heavy)));
    let turns = 0;
    let done = false;
    const turn = () => {
      if (read.length === heavy.length) turns += 1;
      if (!done) setImmediate(turn);
    };
    turn();
    await analyse(tree, { sources: ['markdown'] });
    done = true;
    expect(turns).toBeGreaterThanOrEqual(heavy.length);
  });

  it('says what it had no time for', async () => {
    const { skipped } = await analyse(memoryTree(FILES), { timeLimit: 0 });
    expect(skipped).toContainEqual({ source: 'all', reason: '2 files not looked into: out of time' });
  });
});

describe('hostile files', () => {
  const hostile: [string, string, string][] = [
    ['one line of ten megabytes is not read', 'a.md', 'a'.repeat(10_000_000)],
    ['a long line is skipped', 'a.md', `${'[a](b) '.repeat(50_000)}\n`],
    ['deep quotation is skipped', 'a.md', '> '.repeat(5_000)],
    ['deep lists are skipped', 'a.md', '1. '.repeat(5_000)],
    ['a block full of delimiters is skipped', 'a.md', '*a_\n'.repeat(50_000)],
    ['lines without end are skipped', 'a.md', '1. a\n'.repeat(40_000)],
    ['links without end are skipped', 'a.md', '[a](b)\n'.repeat(60_000)],
    ['brackets without end are skipped', 'a.md', '[[[[\n'.repeat(60_000)],
    ['deep code does not end the process', 'a.ts', `// TODO recieve the thing\n${'a=>\n'.repeat(100_000)}`],
    ['binary files are skipped', 'a.ts', 'TODO\0'],
  ];
  it.each(hostile)('%s', async (_name, path, text) => {
    const started = performance.now();
    const { findings } = await analyse(memoryTree({ [path]: text, 'ok.md': '[x](./gone.md)\n' }));
    expect(findings.filter((finding) => finding.path === 'ok.md')).toHaveLength(1);
    expect(performance.now() - started).toBeLessThan(25_000);
  });

  it('cannot smuggle invisible characters into what a person reads', async () => {
    const { findings } = await analyse(memoryTree({ 'a.ts': '// TODO: a\u202Eb\u0007c\u200B\n' }));
    expect(findings[0]?.excerpt).toBe('// TODO: abc');
  });
});

describe('lint', () => {
  const FILE = 'lbl: for (const a of [1]) { if (!Boolean(a)) { debugger; } }\nconst o = { a: 1, a: 2 };\nuse(o);\n';

  it('repairs what changes no behaviour, and leaves the rest to others', async () => {
    const tree = memoryTree({ 'src/a.js': FILE });
    const { findings } = await analyse(tree, { sources: ['lint'] });
    expect(findings.map(({ rule, fixer }) => `${rule} ${fixer ?? '-'}`).toSorted()).toEqual([
      'eslint(no-debugger) -',
      'eslint(no-dupe-keys) -',
      'eslint(no-extra-boolean-cast) lint',
      'eslint(no-unused-labels) lint',
    ]);
    const fixed = (await fixFindings(tree, ids(findings), ['src/a.js'])).get('src/a.js');
    expect(fixed).toBe('for (const a of [1]) { if (!a) { debugger; } }\nconst o = { a: 1, a: 2 };\nuse(o);\n');
  });

  it('hears nothing of the configuration of the repository', async () => {
    const configuration = '{"rules":{"no-debugger":"off"},"ignorePatterns":["**"],"jsPlugins":["./evil.js"]}';
    const tree = memoryTree({ 'src/a.js': FILE, '.oxlintrc.json': configuration, '.eslintignore': '*' });
    expect((await analyse(tree, { sources: ['lint'] })).findings).toHaveLength(4);
  });
});

describe('coverage', () => {
  const lcov = 'SF:/home/me/p/src/a.ts\nDA:1,0\nDA:2,0\nDA:3,0\nDA:4,0\nDA:5,1\nend_of_record\n';

  it('mentions files below half, and says when the report is older than the file', async () => {
    const tree = memoryTree({ 'src/a.ts': 'x\n', 'coverage/lcov.info': lcov });
    const lastChanged = async (path: string) => (path === 'src/a.ts' ? 2 : 1);
    const { findings } = await analyse(tree, { sources: ['coverage'], lastChanged });
    expect(findings).toMatchObject([
      { path: 'src/a.ts', rule: 'low-coverage', confidence: 'possible', notes: { stale: expect.any(String) } },
    ]);
    expect((await analyse(tree, { sources: ['coverage'] })).findings[0]?.confidence).toBe('likely');
  });

  it('reads istanbul reports from outside of the tree, and names those that it cannot read', async () => {
    const statements = { 0: { start: { line: 1 } }, 1: { start: { line: 2 } } };
    const many = Object.fromEntries([1, 2, 3, 4, 5].map((n) => [n, { start: { line: n } }]));
    const report = {
      'src/a.ts': { path: 'src/a.ts', statementMap: many, s: { 1: 0, 2: 0, 3: 0, 4: 0, 5: 9 } },
      'b.ts': { path: 'b.ts', statementMap: statements, s: {} },
    };
    const reports = [
      { path: 'coverage-final.json', content: Buffer.from(JSON.stringify(report)) },
      { path: 'broken.json', content: Buffer.from('{') },
    ];
    const { findings, skipped } = await analyse(memoryTree({ 'src/a.ts': 'x\n' }), { sources: ['coverage'], reports });
    expect(findings[0]?.message).toBe('20 % of its 5 lines are covered by tests (coverage-final.json).');
    expect(skipped[0]?.reason).toMatch(/^broken.json not read/);
  });
});

describe('comparing before and after', () => {
  it('sees that the findings are gone and none were added, also on lines that changed', async () => {
    const before = memoryTree({ 'a.md': '# A\n\n[x](./gone.md) the text we recieve is in the list \n' });
    const found = (await analyseFiles(before, ['a.md'])).findings;
    const toGo = ids(found.filter(({ fixer }) => fixer !== undefined));
    const text = (await fixFindings(before, toGo, ['a.md'])).get('a.md') ?? '';
    const after = (await analyseFiles(memoryTree({ 'a.md': text }), ['a.md'])).findings;
    expect(compareFindings(found, after, toGo)).toEqual({ remaining: [], added: [] });
  });

  it('names what is still there and what is new', async () => {
    const before = (await analyseFiles(memoryTree({ 'a.md': '[x](./gone.md)\n' }), ['a.md'])).findings;
    const after = (await analyseFiles(memoryTree({ 'a.md': '[x](./gone.md)\n\n[y](./lost.md)\n' }), ['a.md'])).findings;
    const { remaining, added } = compareFindings(before, after, ids(before));
    expect(remaining.map(({ message }) => message)).toEqual(['“gone.md” does not exist.']);
    expect(added.map(({ message }) => message)).toEqual(['“lost.md” does not exist.']);
  });
});

describe('age', () => {
  it('is asked for once per file, for markers alone', async () => {
    const { findings } = await analyse(memoryTree({ 'a.ts': '// TODO: a\n// TODO: b\n', 'b.md': '[x](./no.md)\n' }));
    const asked: string[] = [];
    const day = 86_400_000;
    const aged = await withAges(
      findings,
      async (path, lines) => (asked.push(path), new Map(lines.map((line) => [line, 0]))),
      800 * day,
    );
    expect(asked).toEqual(['a.ts']);
    expect(aged.map(({ notes }) => notes?.['age'])).toEqual(['2 years', '2 years', undefined]);
  });
});
