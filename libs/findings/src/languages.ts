/** How comments and strings look in a language: enough to tell comments from everything else. */
export interface Language {
  readonly name: string;
  readonly line: readonly string[];
  readonly block: readonly (readonly [open: string, close: string])[];
  /** Delimiters of strings; a one-line string ends with its line, whatever happens. */
  readonly strings: readonly StringForm[];
  /** `#` begins a comment only at the start of a word. */
  readonly wordStart?: boolean;
  /** `/` may begin a regular expression; `${}` stands in templates. */
  readonly script?: boolean;
  /** `'` may also be a lifetime or a digit separator: a character literal is at most this long. */
  readonly shortQuote?: boolean;
}

interface StringForm {
  readonly open: string;
  readonly close: string;
  readonly multiline?: boolean;
  readonly raw?: boolean;
}

const quoted = (quote: string, more: Partial<StringForm> = {}): StringForm => ({ open: quote, close: quote, ...more });
const DOUBLE = quoted('"');
const SINGLE = quoted("'");
const SLASHES = { line: ['//'], block: [['/*', '*/']] } as const;
const MARKUP = { line: [], block: [['<!--', '-->']], strings: [] } as const;

const language = (name: string, form: Omit<Language, 'name'>): Language => ({ name, ...form });

const C = language('c', { ...SLASHES, strings: [DOUBLE, SINGLE], shortQuote: true });
const SCRIPT = language('script', { ...SLASHES, strings: [DOUBLE, SINGLE], script: true });
const HASH = language('hash', { line: ['#'], block: [], strings: [DOUBLE, SINGLE], wordStart: true });
const SHELL = language('shell', {
  ...HASH,
  strings: [quoted('"', { multiline: true }), quoted("'", { multiline: true, raw: true })],
});
const PYTHON = language('python', {
  line: ['#'],
  block: [],
  strings: [quoted('"""', { multiline: true }), quoted("'''", { multiline: true }), DOUBLE, SINGLE],
});
const GO = language('go', { ...SLASHES, strings: [DOUBLE, SINGLE, quoted('`', { multiline: true, raw: true })] });
const RUBY = language('ruby', {
  line: ['#'],
  block: [['\n=begin', '\n=end']],
  strings: [quoted('"', { multiline: true }), quoted("'", { multiline: true })],
  wordStart: true,
});
const PHP = language('php', { line: ['//', '#'], block: [['/*', '*/']], strings: [DOUBLE, SINGLE] });
const SQL = language('sql', { line: ['--'], block: [['/*', '*/']], strings: [SINGLE, DOUBLE] });
const LUA = language('lua', { line: ['--'], block: [['--[[', ']]']], strings: [DOUBLE, SINGLE] });
const CSS = language('css', { line: [], block: [['/*', '*/']], strings: [DOUBLE, SINGLE] });
const SCSS = language('scss', { ...SLASHES, strings: [DOUBLE, SINGLE] });
const MARKUP_LANGUAGE = language('markup', MARKUP);

const BY_EXTENSION = new Map<string, Language>(
  (
    [
      [SCRIPT, 'js jsx mjs cjs ts tsx mts cts'],
      [C, 'c h cc cpp cxx hh hpp hxx m mm java cs rs kt kts swift scala dart groovy gradle proto zig'],
      [GO, 'go'],
      [PYTHON, 'py pyi pyx'],
      [RUBY, 'rb rake gemspec'],
      [SHELL, 'sh bash zsh'],
      [HASH, 'yml yaml toml tf pl pm r ex exs cmake nix jl'],
      [PHP, 'php'],
      [SQL, 'sql'],
      [LUA, 'lua'],
      [CSS, 'css'],
      [SCSS, 'scss less sass styl'],
      [MARKUP_LANGUAGE, 'html htm xml svg vue svelte md markdown mdx'],
    ] satisfies [Language, string][]
  ).flatMap(([form, extensions]) => extensions.split(' ').map((extension) => [extension, form] as const)),
);

export const extensionOf = (path: string): string => {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  return dot <= 0 ? '' : name.slice(dot + 1).toLowerCase();
};

const MAKE_LIKE = /^(makefile|dockerfile|rakefile|gemfile|justfile)$/i;

export const languageOf = (path: string): Language | undefined => {
  const byExtension = BY_EXTENSION.get(extensionOf(path));
  if (byExtension) return byExtension;
  return MAKE_LIKE.test(path.slice(path.lastIndexOf('/') + 1)) ? HASH : undefined;
};
