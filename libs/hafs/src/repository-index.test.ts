import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { HyperRunError, Oid } from '#contracts';
import type { BlobFacts } from './facts.js';
import type { IndexOptions } from './load-facts.js';
import { RepositoryIndex } from './repository-index.js';

const oidOf = (content: string | Buffer) => Oid.parse(createHash('sha1').update(content).digest('hex'));

const indexOf = async (contents: Record<string, string | Buffer>, options: IndexOptions = {}) => {
  const blobs = new Map(Object.values(contents).map((content) => [oidOf(content), Buffer.from(content)]));
  const files = Object.entries(contents).map(([path, content]) => ({
    path,
    oid: oidOf(content),
    size: Buffer.byteLength(content),
  }));
  return RepositoryIndex.build(files, (oid) => Promise.resolve(blobs.get(oid)), options);
};

const small = {
  'src/scope.ts': `/** Decides whether a path may be changed. */
export class ScopeMatcher {
  /** True when the glob admits the path. */
  admits(path: string) { return this.globs.some((glob) => glob(path)); }
}
export const compileGlobs = (patterns: string[]) => patterns.map(compile);
`,
  'src/clock.py': 'class WallClock:\n    def current_time(self):\n        return now()\n',
  'tests/scope.test.ts': `it('admits a path that the glob admits', () => { new ScopeMatcher().admits('a'); });\nconst admitsPath = 1;\n`,
  'docs/guide.md': '# Guide\n\nHow to narrow what agents touch.\n\n## Retries\nInterrupted attempts are repeated.\n',
  'package-lock.json': '{}',
  '.env': 'TOKEN=abc',
  'logo.png': Buffer.from([0x89, 0x50, 0, 1]),
};

describe('search', () => {
  it('finds a symbol by words that its name is made of, and says why', async () => {
    const [first] = await (await indexOf(small)).search('which path does the glob admit?');
    expect(first).toMatchObject({
      path: 'src/scope.ts',
      symbol: { name: 'admits', kind: 'method', parent: 'ScopeMatcher' },
      range: { startLine: 3, endLine: 4 },
    });
    expect(first?.snippet).toContain('admits(path: string)');
    expect(first?.why).toContain('admit: name, code');
  });

  it('puts an exact identifier first', async () => {
    const index = await indexOf(small);
    expect((await index.search('where is current_time used with admits path glob'))[0]).toMatchObject({
      path: 'src/clock.py',
      symbol: { name: 'current_time' },
    });
    expect((await index.search('ScopeMatcher.admits'))[0]?.why[0]).toBe('exact name');
    expect((await index.search('src/clock.py'))[0]).toMatchObject({ path: 'src/clock.py' });
  });

  it('finds a section of a document', async () => {
    const [first] = await (await indexOf(small)).search('repeat interrupted attempt');
    expect(first).toMatchObject({ path: 'docs/guide.md', symbol: { name: 'Retries', parent: 'Guide' } });
  });

  it('puts tests behind what they test, unless they are asked for', async () => {
    const index = await indexOf(small);
    expect((await index.search('admits glob path'))[0]?.path).toBe('src/scope.ts');
    expect((await index.search('tests: admits glob path'))[0]?.path).toBe('tests/scope.test.ts');
  });

  it('keeps to the number of results and of tokens', async () => {
    const body = Array.from({ length: 200 }, (_, n) => `  // filler line about nothing ${n}`).join('\n');
    const index = await indexOf({
      'a.ts': `export function walk() {\n${body}\n  findNeedle();\n}\n`,
      'b.ts': 'export const needleBox = 1;',
    });
    expect(await index.search('needle', { limit: 1 })).toHaveLength(1);
    const results = await index.search('find needle', { tokens: 100 });
    const characters = results.reduce((sum, { snippet }) => sum + snippet.length, 0);
    expect(characters).toBeLessThanOrEqual(400 + 60);
    const long = (await index.search('find needle')).find(({ path }) => path === 'a.ts');
    expect(long?.snippet).toContain('findNeedle();');
    expect(long?.snippetLine).toBeGreaterThan(1);
  });

  it('answers nothing to words that occur nowhere, and refuses what is no question', async () => {
    const index = await indexOf(small);
    expect(await index.search('zzyzx')).toEqual([]);
    await expect(index.search('  ')).rejects.toMatchObject({ code: 'hafs.invalid-query' });
    await expect(index.search('x'.repeat(1001))).rejects.toBeInstanceOf(HyperRunError);
  });

  it('never reads secrets, lockfiles, binaries, and what the configuration forbids', async () => {
    const index = await indexOf(small, { unreadable: (path) => path.startsWith('docs/') });
    expect(index.status()).toMatchObject({ files: 7, indexed: 3, skipped: { unreadable: 2, lockfile: 1, binary: 1 } });
    expect(await index.search('token abc')).toEqual([]);
    expect(await index.search('interrupted attempts')).toEqual([]);
  });

  it('shows no control characters of a hostile file', async () => {
    const index = await indexOf({ 'a.md': '# Trap\n\u001b[2J wipe \u202escreen\n' });
    expect((await index.search('wipe'))[0]?.snippet).toBe('# Trap\n[2J wipe screen');
  });
});

describe('the tree', () => {
  it('shows one level with sizes and counts of all that is below', async () => {
    const root = (await indexOf(small)).tree();
    expect(root).toMatchObject({ kind: 'repository', files: 7, childCount: 6 });
    expect(root.children?.map(({ path }) => path)).toEqual([
      'docs',
      'src',
      'tests',
      '.env',
      'logo.png',
      'package-lock.json',
    ]);
    expect(root.children?.[1]).toMatchObject({ kind: 'directory', files: 2, symbols: 5 });
  });

  it('shows the symbols of a file, and why a file is not searched', async () => {
    const index = await indexOf(small);
    expect(index.tree('src/scope.ts').children?.map(({ name }) => name)).toEqual([
      'ScopeMatcher',
      'ScopeMatcher.admits',
      'compileGlobs',
    ]);
    expect(index.tree('.env')).toMatchObject({ skipped: 'unreadable', childCount: 0 });
  });

  it('names a path that does not exist', async () => {
    const index = await indexOf(small);
    expect(() => index.tree('src/none')).toThrow(expect.objectContaining({ code: 'hafs.path-not-found' }));
    expect(index.tree('src').path).toBe('src');
  });
});

describe('an index of the next commit', () => {
  it('reads only the blobs that changed', async () => {
    const cache = new Map<string, BlobFacts>();
    const before = await indexOf(small, { cache });
    const after = await indexOf({ ...small, 'src/clock.py': 'def later(): pass\n' }, { cache });
    expect(before.status().blobsRead).toBe(5);
    expect(after.status()).toMatchObject({ blobsRead: 1, blobsReused: 4 });
    expect((await after.search('later'))[0]?.path).toBe('src/clock.py');
    expect(await after.search('current_time')).toEqual([]);
  });
});

const libs = new URL('../../', import.meta.url);
const own = Object.fromEntries(
  readdirSync(libs, { recursive: true, encoding: 'utf8' })
    .filter((path) => /^(contracts|domain|hafs)\/.*\.ts$/.test(path) && !path.endsWith('repository-index.test.ts'))
    .map((path) => [path, readFileSync(new URL(path, libs), 'utf8')]),
);

describe('relevance on our own sources', () => {
  const cases: [question: string, path: string, symbol: string][] = [
    ['how is an exact identifier put first', 'hafs/src/repository-index.ts', 'exact'],
    ['split words of camelCase and stem them', 'hafs/src/words.ts', 'termsOf'],
    ['light English stem: plural, silent e', 'hafs/src/words.ts', 'stem'],
    ['is this a path of tests or fixtures', 'hafs/src/language.ts', 'isTestPath'],
    ['files that hold secrets', 'hafs/src/language.ts', 'mayHoldSecrets'],
    ['regular expression or division', 'hafs/src/javascript-tokens.ts', 'mayBeRegex'],
    ['the event as CloudEvents envelope', 'contracts/src/envelope.ts', 'toEnvelope'],
    ['which part of a plan is approved and hashed', 'contracts/src/approved-part.ts', 'approvedPart'],
    ['name of the stream of a task', 'contracts/src/ids.ts', 'taskStream'],
    ['error with a stable code', 'contracts/src/errors.ts', 'HyperRunError'],
    ['schemas of every event', 'contracts/src/events.ts', 'eventSchemas'],
    ['headings of markdown outside code fences', 'hafs/src/markdown-symbols.ts', 'markdownSymbols'],
  ];

  it('has the expected symbol among the first five for 10 of 12 questions at least, mostly first', async () => {
    const index = await indexOf(own);
    const ranks: number[] = [];
    for (const [question, path, symbol] of cases) {
      const results = await index.search(question, { limit: 5 });
      ranks.push(results.findIndex((result) => result.path === path && result.symbol?.name === symbol) + 1);
    }
    const reciprocal = ranks.reduce((sum, rank) => sum + (rank > 0 ? 1 / rank : 0), 0) / ranks.length;
    expect(ranks.filter((rank) => rank > 0).length).toBeGreaterThanOrEqual(10);
    expect(reciprocal).toBeGreaterThan(0.7);
  });
});

describe('speed', () => {
  it('answers in under 5 ms of processor time (median) over 10,000 symbols', async () => {
    const words =
      'claim worker task epoch seal plan scope gate verify publish stream event append read fold lease agent budget'.split(
        ' ',
      );
    const word = (n: number) => words[n % words.length] ?? 'task';
    const camel = (n: number) => `${word(n)}${word(n * 7 + 3).replace(/^./, (c) => c.toUpperCase())}${n}`;
    const files = Object.fromEntries(
      Array.from({ length: 500 }, (_, f) => [
        `src/${word(f)}/${camel(f)}.ts`,
        Array.from(
          { length: 20 },
          (__, s) => `export function ${camel(f * 20 + s)}() {\n  return ${camel(f + s)}(${word(s * 5)});\n}`,
        ).join('\n'),
      ]),
    );
    const index = await indexOf(files);
    expect(index.status().symbols).toBe(10_000);
    const costs: number[] = [];
    for (let n = 0; n < 60; n++) {
      const before = process.cpuUsage();
      await index.search(`how does the ${word(n)} ${word(n + 5)} the ${word(n + 9)}`);
      const { user, system } = process.cpuUsage(before);
      costs.push((user + system) / 1000);
    }
    expect(costs.toSorted((a, b) => a - b)[30]).toBeLessThan(5);
  });
});
