import { describe, expect, it } from '@jest/globals';
import { analyse, fixFindings, memoryTree } from './index.js';

const linksOf = async (files: Record<string, string>) =>
  (await analyse(memoryTree(files), { sources: ['links'] })).findings;

const fixed = async (files: Record<string, string>, path: string) => {
  const tree = memoryTree(files);
  const { findings } = await analyse(tree, { sources: ['links'] });
  return (
    await fixFindings(
      tree,
      findings.map(({ findingId }) => findingId),
      [path],
    )
  ).get(path);
};

describe('a relative link', () => {
  it('is fine while its target exists, whatever query, anchor or escape it carries', async () =>
    expect(
      await linksOf({
        'docs/a.md': '# One two\n\n[b](./my%20file.md?x=1#über-uns) [c](../src/) [self](#one-two) ![i](i.png)\n',
        'docs/my file.md': '# Über uns\n',
        'docs/i.png': 'x',
        'src/x.ts': 'x',
      }),
    ).toEqual([]));

  it('is a finding when its target does not exist', async () => {
    const [finding, ...rest] = await linksOf({ 'docs/a.md': 'See [this](./gone.md) now.\n' });
    expect(rest).toEqual([]);
    expect(finding).toMatchObject({
      source: 'links',
      rule: 'broken-link',
      path: 'docs/a.md',
      range: { startLine: 1, startColumn: 12, endLine: 1, endColumn: 20 },
      excerpt: 'See [this](./gone.md) now.',
    });
    expect(finding?.fixer).toBeUndefined();
  });

  it('is pointed to the only file of its name, which has moved', async () =>
    expect(
      await fixed({ 'docs/a.md': 'A [b](./setup-redis.md#one).\n', 'guides/setup-redis.md': '# One\n' }, 'docs/a.md'),
    ).toBe('A [b](../guides/setup-redis.md#one).\n'));

  it('is left alone when two files could be meant', async () =>
    expect(
      await fixed(
        { 'docs/a.md': '[b](./setup-redis.md)\n', 'x/setup-redis.md': '', 'y/setup-redis.md': ' ' },
        'docs/a.md',
      ),
    ).toBeUndefined());

  it('is left alone when many folders have a file of this name', async () =>
    expect(await fixed({ 'docs/a.md': '[b](./README.md)\n', 'src/README.md': '# x\n' }, 'docs/a.md')).toBeUndefined());

  it('gets the case of its target', async () =>
    expect(await fixed({ 'a.md': '![l](img/logo.PNG)\n', 'img/Logo.png': 'x' }, 'a.md')).toBe('![l](img/Logo.png)\n'));

  it('is repaired in definitions and HTML too', async () =>
    expect(
      await fixed(
        { 'a.md': '[x][r] <img src="pic-one.png">\n\n[r]: old/pic-one.png "T"\n', 'new/pic-one.png': 'x' },
        'a.md',
      ),
    ).toBe('[x][r] <img src="new/pic-one.png">\n\n[r]: new/pic-one.png "T"\n'));
});

describe('an anchor', () => {
  it('is repaired when it differs from one heading in punctuation alone', async () =>
    expect(await fixed({ 'a.md': '# Using async/await\n\n[x](#using-async-await)\n' }, 'a.md')).toBe(
      '# Using async/await\n\n[x](#using-asyncawait)\n',
    ));

  it('is repaired when it is a slip of the pen away from one heading', async () =>
    expect(await fixed({ 'a.md': '[x](b.md#instalation)\n', 'b.md': '# Installation\n# Other\n' }, 'a.md')).toBe(
      '[x](b.md#installation)\n',
    ));

  it('is not guessed between two headings', async () =>
    expect(await fixed({ 'a.md': '# Option a1\n# Option a2\n\n[x](#option-a)\n' }, 'a.md')).toBeUndefined());

  it('may name the second of two equal headings, an id or a custom id', async () =>
    expect(
      await linksOf({
        'a.md': '# Use\n# Use\n## Own {#mine}\n<a name="here"></a>\n\n[a](#use-1) [b](#mine) [c](#here)\n',
      }),
    ).toEqual([]));

  it('is not judged in a document that is composed of others', async () =>
    expect(await linksOf({ 'a.md': '{% include "b.md" %}\n\n[x](#elsewhere)\n' })).toEqual([]));
});

describe('what nobody can tell from the tree alone', () => {
  const unjudged: [string, string, Record<string, string>][] = [
    ['an external address', '[a](https://x.org/y.md) [b](mailto:a@b.c) [c](//x/y.md)', {}],
    ['an absolute path of a site', '[a](/guide/start.md)', {}],
    ['a template', '[a]({{ url }}/x.md) [b](<path>/x.md)', {}],
    ['a placeholder', '[a](url) [b](path/to/file.md)', {}],
    ['a page of the code host', '[a](../../issues/new) [b](../../../wiki)', {}],
    ['a path that leads out of the tree', '[a](../../other/x.md)', {}],
    ['a page of a site', '[a](./start) [b](../api.html)', { 'mkdocs.yml': 'x', 'docs/start.md': '#' }],
    ['what a build makes', '[a](./api/index.json)', { '.gitignore': 'docs/api/\n' }],
    ['code', '`[a](./gone.md)`\n\n    [a](./gone.md)\n\n```\n[a](./gone.md)\n```', {}],
  ];
  it.each(unjudged)('%s', async (_name, text, files) =>
    expect(await linksOf({ 'docs/a.md': `${text}\n`, ...files })).toEqual([]),
  );
});
