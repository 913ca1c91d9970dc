/** Tokens of JavaScript and TypeScript, as far as finding declarations needs them. Comments are left out. */
export interface Token {
  readonly kind: 'word' | 'punctuation' | 'literal';
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** First token on its line. */
  readonly newLine: boolean;
}

/** No file needs more; a hostile one gets no more. */
const MAX_TOKENS = 500_000;

const WORD = /[\p{L}\p{N}_$#][\p{L}\p{N}\p{M}_$\u200c\u200d]*/uy;
const BLANK = /[^\S\n]+/y;
const OPERATOR = /=>|\?\?=|\.\.\.|[=!]==?|[<>]=|&&|\|\||\?\?|\*\*|[+\-*/%&|^]=|./suy;
const LINE_COMMENT = /\/\/[^\n]*/y;
const REGEX = /\/(?:[^\\/[\n]|\\[^\n]|\[(?:[^\]\\\n]|\\[^\n])*\])+\/[a-z]*/y;
const QUOTED = { "'": /'(?:[^'\\\n]|\\[\s\S])*'?/y, '"': /"(?:[^"\\\n]|\\[\s\S])*"?/y };
const BEFORE_REGEX = /^(return|typeof|case|in|of|delete|void|throw|new|instanceof|else|do|yield|await)$/;

/**
 * One pass, no recursion, and no native code: nothing that a file holds can do worse than yield wrong tokens. (A parser that
 * recurses overflows its stack on some ten thousand nested brackets and, being native, takes the process with it.)
 */
export const tokensOf = (text: string): Token[] => {
  const tokens: Token[] = [];
  const templates: number[] = [];
  let at = 0;
  let depth = 0;
  let newLine = true;

  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0];
  };
  const push = (kind: Token['kind'], length: number) => {
    tokens.push({
      kind,
      text: kind === 'literal' ? '' : text.slice(at, at + length),
      start: at,
      end: at + length,
      newLine,
    });
    newLine = false;
    at += length;
  };
  const blockComment = () => {
    const end = text.indexOf('*/', at + 2);
    const stop = end < 0 ? text.length : end + 2;
    if (text.slice(at, stop).includes('\n')) newLine = true;
    at = stop;
  };
  const template = () => {
    const end = templateEnd(text, at + 1);
    if (text[end - 1] === '{') templates.push(depth++);
    push('literal', end - at);
  };

  while (at < text.length && tokens.length < MAX_TOKENS) {
    const character = text[at] ?? '';
    const next = text[at + 1];
    if (character === '\n') {
      newLine = true;
      at++;
    } else if (character === '/' && next === '/') at += match(LINE_COMMENT)?.length ?? 1;
    else if (character === '/' && next === '*') blockComment();
    else if (character === "'" || character === '"') push('literal', match(QUOTED[character])?.length ?? 1);
    else if (character === '`') template();
    else if (character === '}' && templates.at(-1) === depth - 1) {
      depth = templates.pop() ?? 0;
      template();
    } else {
      const word = match(WORD);
      const blank = word ? undefined : match(BLANK);
      const regex = character === '/' && mayBeRegex(tokens.at(-1)) ? match(REGEX) : undefined;
      if (word) push('word', word.length);
      else if (blank) at += blank.length;
      else if (regex) push('literal', regex.length);
      else {
        if (character === '{') depth++;
        if (character === '}') depth = Math.max(0, depth - 1);
        push('punctuation', match(OPERATOR)?.length ?? 1);
      }
    }
  }
  return tokens;
};

const mayBeRegex = (before: Token | undefined): boolean => {
  if (!before) return true;
  if (before.kind === 'literal') return false;
  return before.kind === 'word' ? BEFORE_REGEX.test(before.text) : !/^[)\]}]$/.test(before.text);
};

/** Behind the closing backtick, or behind the next `${`. */
const templateEnd = (text: string, from: number): number => {
  for (let at = from; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '`') return at + 1;
    else if (text[at] === '$' && text[at + 1] === '{') return at + 2;
  }
  return text.length;
};
