import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parseSync } from 'oxc-parser';
import { javascriptSymbols } from './javascript-symbols.js';

const brief = (text: string) =>
  javascriptSymbols(text).map(({ kind, parent, name, startLine, endLine }) =>
    [kind, parent ? `${parent}.${name}` : name, `${startLine}-${endLine}`].join(' '),
  );

describe('declarations of JavaScript and TypeScript', () => {
  it('finds every kind with its lines', () => {
    const text = `import x from 'y';
/** Adds. */
export async function add<T extends { a: 1 }>(a: T, b = {}): Promise<{ sum: number }> {
  const inner = () => 1;
  return { sum: 1 };
}
export const twice = (n: number) => n * 2;
const LIMIT: Record<string, () => void> = {};
export type Shape =
  | { a: 1 }
  | { b: 2 };
interface Port<T = unknown> { read(): T }
export default abstract class Base<T = string> extends Other<T> {
  private readonly size = 1;
  static make = () => new Base();
  constructor(readonly a: string) { super(); }
  @logged('x')
  async *items(): AsyncGenerator<string> {
    yield \`\${this.a} }\`;
  }
  get value() { return 1 }
  #secret() { return /[}]/.test('a') }
  abstract name(): string;
}
export const enum Colour { Red }
namespace Inner { export function deep() {} }
`;
    expect(brief(text)).toEqual([
      'function add 3-6',
      'function twice 7-7',
      'const LIMIT 8-8',
      'type Shape 9-11',
      'interface Port 12-12',
      'class Base 13-24',
      'method Base.make 15-15',
      'method Base.constructor 16-16',
      'method Base.items 17-20',
      'method Base.value 21-21',
      'method Base.#secret 22-22',
      'method Base.name 23-23',
      'enum Colour 25-25',
      'module Inner 26-26',
      'function Inner.deep 26-26',
    ]);
  });

  it('reads code without semicolons', () => {
    const text = `const a = 1
const b = [1, 2]
  .map((n) => n)
let run = async () => {
  await a
}
type Id = string
function done() {}
`;
    expect(brief(text)).toEqual(['const a 1-1', 'const b 2-3', 'function run 4-6', 'type Id 7-7', 'function done 8-8']);
  });

  it('is not misled by strings, comments, templates and regular expressions', () => {
    const text = `// function no() {
const s = "class No {"; /* interface No { */
const t = \`function no() { \${\`\${1}}\`} {\`;
const r = /function no() [{]/;
function yes() {}
`;
    expect(brief(text)).toEqual(['const s 2-2', 'const t 3-3', 'const r 4-4', 'function yes 5-5']);
  });

  it.each([
    ['brackets', '('],
    ['negations', '!'],
    ['arrows', 'a=>'],
    ['generics', 'a<'],
    ['templates', '`${'],
    ['open strings', '"\n'],
    ['headless functions', 'function a\n'],
    ['headless classes', 'class a\n'],
    ['closers of another kind', '(]'],
    ['decorators', '@a('],
    ['methods', 'class A { a('],
  ])('reads half a megabyte of %s in linear time', (_, part) => {
    const before = process.cpuUsage();
    javascriptSymbols(part.repeat(500_000 / part.length));
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(5000);
  });

  it('finds what a full parser finds, in all of our own sources', () => {
    const root = new URL('../../', import.meta.url);
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
    let total = 0;
    const wrong: string[] = [];
    for (const file of files) {
      const text = readFileSync(new URL(file, root), 'utf8');
      const expected = parsed(file, text);
      const found = new Set(
        javascriptSymbols(text).map(({ name, startLine, endLine }) => `${name} ${startLine}-${endLine}`),
      );
      total += expected.length;
      wrong.push(...expected.filter((symbol) => !found.has(symbol)).map((symbol) => `${file}: ${symbol}`));
    }
    expect(total).toBeGreaterThan(200);
    expect(wrong).toEqual([]);
  });
});

/** Top-level declarations and methods by oxc-parser. */
const parsed = (file: string, text: string): string[] => {
  const at = (start: number, end: number) =>
    `${text.slice(0, start).split('\n').length}-${text.slice(0, end).trimEnd().split('\n').length}`;
  return parseSync(file, text).program.body.flatMap((statement) => {
    const exported = statement.type === 'ExportNamedDeclaration' || statement.type === 'ExportDefaultDeclaration';
    const node = exported ? statement.declaration : statement;
    if (!node) return [];
    if (node.type === 'VariableDeclaration') {
      const [first] = node.declarations;
      return first?.id.type === 'Identifier' ? [`${first.id.name} ${at(statement.start, statement.end)}`] : [];
    }
    const named =
      node.type === 'FunctionDeclaration' ||
      node.type === 'ClassDeclaration' ||
      node.type === 'TSInterfaceDeclaration' ||
      node.type === 'TSTypeAliasDeclaration';
    if (!named || !node.id) return [];
    const own = `${node.id.name} ${at(statement.start, statement.end)}`;
    if (node.type !== 'ClassDeclaration') return [own];
    const methods = node.body.body.flatMap((member) =>
      member.type === 'MethodDefinition' && member.key.type === 'Identifier'
        ? [`${member.key.name} ${at(member.start, member.end)}`]
        : [],
    );
    return [own, ...methods];
  });
};
