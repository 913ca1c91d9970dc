import { describe, expect, it } from '@jest/globals';
import type { Language } from './language.js';
import { lineSymbols } from './line-symbols.js';
import { markdownSymbols } from './markdown-symbols.js';
import type { CodeSymbol } from './symbol.js';

const brief = (symbols: readonly CodeSymbol[]) =>
  symbols.map(
    ({ kind, parent, name, startLine, endLine }) =>
      `${kind} ${parent ? `${parent} > ` : ''}${name} ${startLine}-${endLine}`,
  );

describe('symbols by the layout of lines', () => {
  it.each<[Language, string, string[]]>([
    [
      'python',
      'LIMIT = 3\nclass Store:\n    """Keeps."""\n    async def put(\n        self,\n    ):\n        def inner(): pass\n        return 1\n\n# done\ndef free(): pass\n',
      ['const LIMIT 1-1', 'class Store 2-8', 'method Store > put 4-8', 'function free 11-11'],
    ],
    [
      'go',
      'type Store struct {\n\tn int\n}\n\nfunc (s *Store) Put(k string) error {\n\treturn nil\n}\n\nfunc New() *Store {\n\treturn nil\n}\n',
      ['class Store 1-3', 'method Store > Put 5-7', 'function New 9-11'],
    ],
    [
      'rust',
      'pub struct Store {\n    n: u8,\n}\nimpl Store {\n    pub fn put(&self) -> u8 {\n        1\n    }\n}\nfn main() {}\n',
      ['class Store 1-3', 'class Store 4-8', 'method Store > put 5-7', 'function main 9-9'],
    ],
    [
      'java',
      'public final class Store {\n    private int n;\n    public static int put(String k)\n    {\n        return helper(k);\n    }\n}\n',
      ['class Store 1-7', 'method Store > put 3-6'],
    ],
    [
      'ruby',
      'module A\n  class Store\n    def put(k)\n      if k\n        1\n      end\n    end\n  end\nend\n',
      ['module A 1-9', 'class A > Store 2-8', 'method A.Store > put 3-7'],
    ],
    ['shell', 'put() {\n  echo 1\n}\n', ['function put 1-3']],
    [
      'c',
      '#define LIMIT 3\nstatic int put(const char *key)\n{\n  return *key;\n}\n',
      ['const LIMIT 1-1', 'function put 2-5'],
    ],
  ])('finds them in %s', (language, text, expected) => expect(brief(lineSymbols(text, language))).toEqual(expected));

  it.each([' ', '\t', 'a ', 'public ', 'int a(', 'fn '])('reads half a megabyte of %j in linear time', (part) => {
    const before = process.cpuUsage();
    for (const language of ['java', 'c', 'rust', 'python'] as const) {
      lineSymbols(part.repeat(500_000 / part.length), language);
      lineSymbols(`${part.repeat(450 / part.length)}\n`.repeat(1000), language);
    }
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(5000);
  });
});

describe('headings of Markdown', () => {
  it('reach to the next heading of their level, and know what they lie in', () => {
    const text = '# Guide #\n\n## Set-up\ntext\n```sh\n# not a heading\n```\n### On Linux\n## Use\n#hashtag\n';
    expect(brief(markdownSymbols(text))).toEqual([
      'heading Guide 1-10',
      'heading Guide > Set-up 3-8',
      'heading Guide > Set-up > On Linux 8-8',
      'heading Guide > Use 9-10',
    ]);
  });
});
