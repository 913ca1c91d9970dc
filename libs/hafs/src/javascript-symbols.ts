import { type Token, tokensOf } from './javascript-tokens.js';
import { type CodeSymbol, lineCounter, MAX_NAME_LENGTH, MAX_SYMBOLS_PER_FILE, type SymbolKind } from './symbol.js';

const MODIFIERS = new Set(
  'export default declare abstract async public private protected static readonly override accessor get set *'.split(
    ' ',
  ),
);
const DECLARED: Readonly<Record<string, SymbolKind>> = {
  function: 'function', class: 'class', interface: 'interface', type: 'type', enum: 'enum', namespace: 'module', module: 'module',
  const: 'const', let: 'const', var: 'const',
}; // prettier-ignore
const OPENERS = new Set(['(', '[', '{']);
const CLOSERS = new Set([')', ']', '}']);
const JOINS_LINES =
  /^(=|=>|\||&|,|\?|:|\.|\.\.\.|[+\-*/%<]|&&|\|\||\?\?|===?|!==?|extends|keyof|typeof|in|of|as|is|satisfies|new|await)$/;

/** How far ahead the head of one declaration is read, in tokens; what stands in brackets counts as one. Keeps time linear. */
const LOOK_AHEAD = 2000;
/** So many unclosed openers are passed over to find the one that a closer belongs to. */
const FORGIVEN_OPENERS = 8;

/** What stands between one declaration and the next: a file, a namespace, or the body of a class. */
interface Container {
  readonly kind: 'scope' | 'class';
  readonly names: readonly string[];
  readonly end: number;
}

/** Declarations of a JavaScript or TypeScript file: top level, in namespaces, and the methods of classes. */
export const javascriptSymbols = (text: string): CodeSymbol[] => {
  const reader = new DeclarationReader(tokensOf(text), lineCounter(text));
  return reader.read();
};

class DeclarationReader {
  private readonly symbols: CodeSymbol[] = [];
  /** Index of the matching closer of every opener. */
  private readonly matching: ReadonlyMap<number, number>;

  constructor(
    private readonly tokens: readonly Token[],
    private readonly lineAt: (offset: number) => number,
  ) {
    this.matching = matchBrackets(tokens);
  }

  read(): CodeSymbol[] {
    const containers: Container[] = [{ kind: 'scope', names: [], end: this.tokens.length }];
    let at = 0;
    while (at < this.tokens.length && this.symbols.length < MAX_SYMBOLS_PER_FILE) {
      const container = containers.at(-1);
      if (!container) break;
      if (at >= container.end) {
        containers.pop();
        at = Math.max(at, container.end + 1);
        continue;
      }
      const inner = container.kind === 'class' ? this.member(at, container) : this.statement(at, container);
      if (inner.container) containers.push(inner.container);
      at = Math.max(at + 1, inner.next);
    }
    return this.symbols;
  }

  private text(at: number): string {
    return this.tokens[at]?.text ?? '';
  }

  private statement(from: number, container: Container): { next: number; container?: Container } {
    const first = this.afterModifiers(from);
    const keyword = this.text(first);
    let kind = DECLARED[keyword];
    let nameAt = first + 1;
    if (keyword === 'const' && this.text(nameAt) === 'enum') {
      kind = 'enum';
      nameAt++;
    }
    if (this.text(nameAt) === '*') nameAt++;
    const name = this.tokens[nameAt];
    const named = name?.kind === 'word' && !(name.newLine && kind === 'type');
    if (!kind || !Object.hasOwn(DECLARED, keyword) || !named)
      return { next: this.skipStatement(from, first, container.end) };
    if (kind === 'const') return { next: this.variable(from, nameAt, container) };
    if (kind === 'type') {
      if (!/^(=|<)$/.test(this.text(nameAt + 1))) return { next: this.endOfStatement(nameAt, container.end) };
      const end = this.endOfStatement(nameAt, container.end);
      this.add(name.text, kind, from, end - 1, container);
      return { next: end };
    }
    return this.bodied(name.text, kind, from, nameAt, container);
  }

  private bodied(name: string, kind: SymbolKind, from: number, nameAt: number, container: Container) {
    const body = this.bodyAfter(nameAt + 1, container.end);
    const end =
      body === undefined
        ? this.endOfStatement(nameAt, container.end) - 1
        : (this.matching.get(body) ?? container.end - 1);
    this.add(name, kind, from, end, container);
    if (body === undefined || (kind !== 'class' && kind !== 'module')) return { next: end + 1 };
    const names = [...container.names, name];
    return { next: body + 1, container: { kind: kind === 'class' ? 'class' : 'scope', names, end } as const };
  }

  private variable(from: number, nameAt: number, container: Container): number {
    const end = this.endOfStatement(nameAt, container.end);
    this.add(this.text(nameAt), this.assignsFunction(nameAt, end) ? 'function' : 'const', from, end - 1, container);
    return end;
  }

  private member(from: number, container: Container): { next: number; container?: Container } {
    const nameAt = this.afterModifiers(from);
    const next = this.text(nameAt + 1);
    const name = this.tokens[nameAt];
    if (name?.kind !== 'word' || CLOSERS.has(this.text(nameAt)))
      return { next: this.endOfMember(nameAt, container.end) };
    if (next === '(' || next === '<' || next === '?') {
      const opener = this.findAt(nameAt + 1, container.end, (text) => text === '(' || text === ';' || text === '=');
      if (opener !== undefined && this.text(opener) === '(') {
        const close = this.matching.get(opener) ?? container.end;
        const body = this.bodyAfter(close + 1, container.end, true);
        const end =
          body === undefined
            ? this.endOfMember(close, container.end) - 1
            : (this.matching.get(body) ?? container.end - 1);
        this.add(name.text, 'method', from, end, container);
        return { next: end + 1 };
      }
    }
    const end = this.endOfMember(nameAt, container.end);
    if (this.assignsFunction(nameAt, end)) this.add(name.text, 'method', from, end - 1, container);
    return { next: end };
  }

  private assignsFunction(nameAt: number, end: number): boolean {
    const equals = this.findAt(nameAt + 1, end, (text) => text === '=');
    return (
      equals !== undefined && this.findAt(equals, end, (text) => text === '=>' || text === 'function') !== undefined
    );
  }

  private add(name: string, kind: SymbolKind, from: number, to: number, container: Container): void {
    const [first, last] = [this.tokens[from], this.tokens[Math.min(Math.max(to, from), this.tokens.length - 1)]];
    if (!first || !last) return;
    this.symbols.push({
      name: name.slice(0, MAX_NAME_LENGTH),
      kind,
      startLine: this.lineAt(first.start),
      endLine: this.lineAt(Math.max(first.start, last.end - 1)),
      ...(container.names.length > 0 && { parent: container.names.join('.') }),
    });
  }

  /** Behind modifiers and decorators; a modifier that is itself the name (`get(`, `static =`) is not skipped. */
  private afterModifiers(from: number): number {
    let at = from;
    for (;;) {
      const next = this.tokens[at + 1];
      if (this.text(at) === '@') {
        at += 2;
        while (this.text(at) === '.') at += 2;
        if (this.text(at) === '(') at = (this.matching.get(at) ?? at) + 1;
      } else if (MODIFIERS.has(this.text(at)) && next && (next.kind === 'word' || /^[*[{@]$/.test(next.text))) at++;
      else return at;
    }
  }

  /** The `{` of the body: not one that belongs to a type, which follows `:`, `|`, `&`, `<`, `,` or `=>`. */
  private bodyAfter(from: number, end: number, ofMember = false): number | undefined {
    for (let at = from, steps = 0; at < end && steps < LOOK_AHEAD; at++, steps++) {
      const text = this.text(at);
      if (text === ';') return undefined;
      if (text === '{' && !/^(:|\||&|<|,|=>|extends)$/.test(this.text(at - 1))) return at;
      if (ofMember && this.tokens[at]?.newLine && !JOINS_LINES.test(this.text(at - 1)) && !JOINS_LINES.test(text))
        return undefined;
      if (OPENERS.has(text)) at = this.matching.get(at) ?? end;
    }
    return undefined;
  }

  private findAt(from: number, end: number, wanted: (text: string) => boolean): number | undefined {
    for (let at = from, steps = 0; at < end && steps < LOOK_AHEAD; at++, steps++) {
      const token = this.tokens[at];
      if (token && token.kind !== 'literal' && wanted(token.text)) return at;
      if (OPENERS.has(this.text(at))) at = this.matching.get(at) ?? end;
    }
    return undefined;
  }

  /** One past the `;` that ends a statement, or the first token of the next one where there is no `;`. */
  private endOfStatement(from: number, end: number): number {
    for (let at = from; at < end; at++) {
      const token = this.tokens[at];
      if (token?.text === ';') return at + 1;
      if (at > from && token?.newLine && this.startsAnew(at)) return at;
      if (OPENERS.has(this.text(at))) at = this.matching.get(at) ?? end;
    }
    return end;
  }

  private endOfMember(from: number, end: number): number {
    return Math.max(this.endOfStatement(from, end), from + 1);
  }

  private startsAnew(at: number): boolean {
    const token = this.tokens[at];
    if (!token || JOINS_LINES.test(this.text(at - 1))) return false;
    return token.kind === 'word' ? !JOINS_LINES.test(token.text) : /^[@}]$/.test(token.text);
  }

  /** Whatever is no declaration: on to the next place where one may begin. */
  private skipStatement(from: number, first: number, end: number): number {
    if (OPENERS.has(this.text(first))) return (this.matching.get(first) ?? first) + 1;
    for (let at = Math.max(from, first); at < end; at++) {
      if (OPENERS.has(this.text(at))) at = this.matching.get(at) ?? end;
      if (this.text(at) === ';') return at + 1;
      if (at > first && this.tokens[at + 1]?.newLine) return at + 1;
    }
    return end;
  }
}

/** Closers without an opener are ignored; openers without a closer match nothing, so that damage stays local. */
const matchBrackets = (tokens: readonly Token[]): ReadonlyMap<number, number> => {
  const matching = new Map<number, number>();
  const open: number[] = [];
  const closes: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };
  tokens.forEach((token, at) => {
    if (token.kind !== 'punctuation') return;
    if (OPENERS.has(token.text)) open.push(at);
    const opener = closes[token.text];
    if (!opener) return;
    for (let top = open.length - 1; top >= Math.max(0, open.length - FORGIVEN_OPENERS); top--) {
      const start = open[top];
      if (start === undefined || tokens[start]?.text !== opener) continue;
      matching.set(start, at);
      open.length = top;
      return;
    }
  });
  return matching;
};
