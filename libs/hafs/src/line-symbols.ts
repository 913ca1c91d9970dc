import type { Language } from './language.js';
import { type CodeSymbol, MAX_NAME_LENGTH, MAX_SYMBOLS_PER_FILE, type SymbolKind } from './symbol.js';

/** A line that declares something: group `name`, and `owner` where the line itself says whose it is. No pattern nests
 *  repetitions over the same characters, and no line longer than 500 characters is tried. */
interface Declaration {
  readonly pattern: RegExp;
  readonly kind: SymbolKind;
}

const declares = (kind: SymbolKind, pattern: RegExp): Declaration => ({ kind, pattern });
const TYPE_KEYWORDS = String.raw`(?:(?:public|private|protected|internal|static|final|abstract|sealed|open|data|partial|readonly|export|inline|suspend|override|async|virtual|fileprivate|case|inner|companion|unsafe|extern|synchronized|native|default|final) )*`;
const BRACED_METHOD = new RegExp(
  String.raw`^\s+${TYPE_KEYWORDS}(?!return |new |else |throw |await |yield |case |if |for |while |switch |using |goto )(?:<[\w, ]{1,80}> )?[\w<>\[\],.?]{1,120} (?<name>\w+)\s?\(`,
);

const CLASS_LIKE = [
  declares(
    'class',
    new RegExp(`^\\s*${TYPE_KEYWORDS}(?:class|struct|record|object|actor|trait|extension) (?<name>\\w+)`),
  ),
  declares('interface', new RegExp(`^\\s*${TYPE_KEYWORDS}(?:interface|protocol) (?<name>\\w+)`)),
  declares('enum', new RegExp(`^\\s*${TYPE_KEYWORDS}enum (?:class )?(?<name>\\w+)`)),
];
const C_FUNCTION = declares(
  'function',
  /^(?!return |else |typedef |struct \w+ \{|#)[A-Za-z_][\w:<>,*& ]{0,200}[ *&](?:(?<owner>\w+)::)?(?<name>~?\w+)\([^;]*$/,
);

const DECLARATIONS: Partial<Record<Language, readonly Declaration[]>> = {
  python: [
    declares('class', /^\s*class (?<name>\w+)/),
    declares('function', /^\s*(?:async )?def (?<name>\w+)/),
    declares('const', /^(?<name>[A-Z][A-Z0-9_]+)\s?(?::[^=]{1,100})?=/),
  ],
  go: [
    declares('method', /^func \(\s?(?:\w+ )?\*?(?<owner>\w+)(?:\[[^\]]{1,80}\])?\) (?<name>\w+)/),
    declares('function', /^func (?<name>\w+)/),
    declares('interface', /^type (?<name>\w+)(?:\[[^\]]{1,80}\])? interface\b/),
    declares('class', /^type (?<name>\w+)(?:\[[^\]]{1,80}\])? struct\b/),
    declares('type', /^type (?<name>\w+) /),
    declares('const', /^(?:const|var) (?<name>\w+)/),
  ],
  rust: [
    declares('function', /^\s*(?:pub(?:\([\w:]+\))? )?(?:const |async |unsafe |extern "C" )*fn (?<name>\w+)/),
    declares('class', /^\s*(?:pub(?:\([\w:]+\))? )?(?:struct|union) (?<name>\w+)/),
    declares('enum', /^\s*(?:pub(?:\([\w:]+\))? )?enum (?<name>\w+)/),
    declares('interface', /^\s*(?:pub(?:\([\w:]+\))? )?(?:unsafe )?trait (?<name>\w+)/),
    declares('class', /^\s*(?:unsafe )?impl(?:<[^>]{1,100}>)? (?:[\w:<>', ]{1,100} for )?(?<name>\w+)/),
    declares('type', /^\s*(?:pub(?:\([\w:]+\))? )?type (?<name>\w+)/),
    declares('const', /^\s*(?:pub(?:\([\w:]+\))? )?(?:const|static) (?<name>[A-Z]\w*)/),
    declares('function', /^\s*macro_rules! (?<name>\w+)/),
  ],
  java: [...CLASS_LIKE, declares('method', BRACED_METHOD)],
  csharp: [...CLASS_LIKE, declares('method', BRACED_METHOD)],
  kotlin: [...CLASS_LIKE, declares('function', new RegExp(`^\\s*${TYPE_KEYWORDS}fun (?:<[^>]{1,80}> )?(?:[\\w<>]{1,80}\\.)?(?<name>\\w+)`))],
  swift: [...CLASS_LIKE, declares('function', new RegExp(`^\\s*${TYPE_KEYWORDS}func (?<name>\\w+)`))],
  php: [...CLASS_LIKE, declares('function', new RegExp(`^\\s*${TYPE_KEYWORDS}function &?(?<name>\\w+)`))],
  ruby: [
    declares('class', /^\s*class (?:\w+::)*(?<name>\w+)/),
    declares('module', /^\s*module (?<name>\w+)/),
    declares('function', /^\s*def (?:self\.)?(?<name>\w+[?!=]?)/),
    declares('const', /^\s*(?<name>[A-Z][A-Z0-9_]+)\s?=/),
  ],
  shell: [declares('function', /^\s*(?:function )?(?<name>[\w-]+)\s?\(\)/), declares('function', /^\s*function (?<name>[\w-]+)/)],
  c: [
    declares('class', /^(?:typedef )?(?:struct|union) (?<name>\w+) ?\{?$/),
    declares('enum', /^(?:typedef )?enum (?<name>\w+)/),
    declares('const', /^#define (?<name>\w+)/),
    C_FUNCTION,
  ],
  cpp: [...CLASS_LIKE, declares('module', /^\s*namespace (?<name>[\w:]+)/), declares('const', /^#define (?<name>\w+)/), C_FUNCTION],
}; // prettier-ignore

const LONGEST_LINE = 500;
const CLOSER = /^\s*([)\]}]|end\b|fi\b|done\b|esac\b|""")/;
/** `{`, `) {`, `):` on the indentation of a declaration belong to its head. */
const HEAD_GOES_ON = /^\s*(\{|[)\]}].*[{:]\s*$)/;
const COMMENT = /^\s*(#(?!define)|\/\/|\*|\/\*|--)/;

const declarationOf = (line: string, declarations: readonly Declaration[]) => {
  for (const { kind, pattern } of declarations) {
    const groups = pattern.exec(line)?.groups;
    if (groups?.['name']) return { kind, name: groups['name'].slice(0, MAX_NAME_LENGTH), owner: groups['owner'] };
  }
  return undefined;
};

interface OpenSymbol {
  readonly symbol: { -readonly [K in keyof CodeSymbol]: CodeSymbol[K] };
  readonly indent: number;
}

/**
 * Symbols of a language without a lexer of ours: a line that looks like a declaration opens a symbol, which reaches to the
 * last line that is indented deeper, and its closing bracket. Right for code that is laid out as its language usually is.
 */
export const lineSymbols = (text: string, language: Language): CodeSymbol[] => {
  const declarations = DECLARATIONS[language];
  if (!declarations) return [];
  const found: CodeSymbol[] = [];
  const open: OpenSymbol[] = [];
  text.split('\n').forEach((line, index) => {
    if (line.trim() === '' || line.length > LONGEST_LINE || COMMENT.test(line)) return;
    close(open, line, index + 1);
    for (const { symbol } of open) symbol.endLine = index + 1;
    const container = open.at(-1)?.symbol.kind;
    if (CLOSER.test(line) || found.length >= MAX_SYMBOLS_PER_FILE || isFunction(container)) return;
    const declared = declarationOf(line, declarations);
    if (!declared) return;
    const parent = declared.owner ?? open.map(({ symbol }) => symbol.name).join('.');
    const isMethod = declared.kind === 'function' && parent && container !== 'module';
    const symbol: CodeSymbol = {
      name: declared.name,
      kind: isMethod ? 'method' : declared.kind,
      startLine: index + 1,
      endLine: index + 1,
      ...(parent && { parent }),
    };
    found.push(symbol);
    if (symbol.kind !== 'const') open.push({ symbol, indent: indentOf(line) });
  });
  return found;
};

const indentOf = (line: string) => line.length - line.trimStart().length;
const isFunction = (kind: SymbolKind | undefined) => kind === 'function' || kind === 'method';

const close = (open: OpenSymbol[], line: string, number: number): void => {
  const indent = indentOf(line);
  for (let top = open.at(-1); top && indent <= top.indent; top = open.at(-1)) {
    if (indent === top.indent && HEAD_GOES_ON.test(line)) return;
    if (indent === top.indent && CLOSER.test(line)) top.symbol.endLine = number;
    open.pop();
  }
};
