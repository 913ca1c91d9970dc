import { describe, expect, it } from '@jest/globals';
import type { FindingView } from '../api/views.js';
import { groupsOf, NO_FILTER, passes, patternsAround, rowsOf, type FindingFilter } from './finding-list.js';

const found = (path: string, line: number, more: Partial<FindingView> = {}): FindingView => ({
  findingId: `${path}-${line}`,
  source: 'links',
  rule: 'broken-link',
  path,
  range: { startLine: line, endLine: line },
  excerpt: 'See [it](it.md).',
  message: 'There is no it.md.',
  how: 'by hand',
  confidence: 'certain',
  fixer: 'links',
  inScope: true,
  place: 'inside',
  dismissed: false,
  ...more,
});

const ALL = [
  found('docs/b.md', 9),
  found('docs/a.md', 2),
  found('docs/b.md', 3, { source: 'todo', rule: 'todo', fixer: undefined, confidence: 'possible' }),
  found('src/c.ts', 1, { place: 'outside', inScope: false }),
  found('package.json', 1, { place: 'protected', inScope: false }),
  found('docs/d.md', 1, { dismissed: true, message: 'It is GONE.' }),
];

describe('a list of findings', () => {
  it.each<[string, Partial<FindingFilter>, readonly string[]]>([
    ['what is open', {}, ['docs/b.md-9', 'docs/a.md-2', 'docs/b.md-3', 'src/c.ts-1', 'package.json-1']],
    ['what lies outside', { shown: 'outside' }, ['src/c.ts-1']],
    ['what is protected', { shown: 'protected' }, ['package.json-1']],
    ['what was dismissed', { shown: 'dismissed' }, ['docs/d.md-1']],
    ['a kind', { sources: new Set(['todo']) }, ['docs/b.md-3']],
    ['what no fixer can do', { who: 'judge' }, ['docs/b.md-3']],
    ['what is certain, below a folder', { certainty: 'certain', path: 'DOCS/' }, ['docs/b.md-9', 'docs/a.md-2']],
    ['words, in any case', { shown: 'all', text: ' gone ' }, ['docs/d.md-1']],
  ])('shows %s', (_what, filter, ids) => {
    expect(ALL.filter(passes({ ...NO_FILTER, ...filter })).map(({ findingId }) => findingId)).toEqual(ids);
  });

  it('has files in the order of their paths and from top to bottom, kinds with the most first', () => {
    const groups = (by: 'path' | 'source') =>
      groupsOf(ALL, by).map(({ key, findings }) => [key, ...findings.map(({ range }) => range.startLine)]);
    expect(groups('path')).toEqual([
      ['docs/a.md', 2],
      ['docs/b.md', 3, 9],
      ['docs/d.md', 1],
      ['package.json', 1],
      ['src/c.ts', 1],
    ]);
    expect(groups('source').map(([key]) => key)).toEqual(['links', 'todo']);
  });

  it('shows the head of a closed group alone', () => {
    const rows = rowsOf(groupsOf(ALL.slice(0, 3), 'path'), new Set(['docs/b.md']));
    expect(rows.map(({ kind, place, of }) => [kind, place, of])).toEqual([
      ['group', 1, 2],
      ['finding', 1, 1],
      ['group', 2, 2],
    ]);
  });
});

describe('the patterns around a file', () => {
  it('are the file and the folders that it lies in, the nearest first', () => {
    expect(patternsAround('src/a/b.ts')).toEqual(['src/a/b.ts', 'src/a/**', 'src/**']);
    expect(patternsAround('README.md')).toEqual(['README.md']);
  });
  it('mean the file although its name looks like a pattern', () => {
    expect(patternsAround('app/[id]/{x}*.ts')[0]).toBe('app/[id]/?x??.ts');
  });
});
