import type { Language } from './languages.js';

export interface Comment {
  /** Offsets of the whole comment with its delimiters. */
  readonly start: number;
  readonly end: number;
}

const escapeRegExp = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

const openings = new Map<Language, RegExp>();

/** Everything that may begin a comment, a string, a template or a regular expression; longest first. */
const openingOf = (language: Language): RegExp => {
  const known = openings.get(language);
  if (known) return known;
  const words = [
    ...language.line,
    ...language.block.map(([open]) => open),
    ...language.strings.map(({ open }) => open),
  ];
  if (language.script) words.push('`', '/', '{', '}');
  const pattern = new RegExp(
    [...new Set(words)]
      .toSorted((a, b) => b.length - a.length)
      .map(escapeRegExp)
      .join('|'),
    'g',
  );
  openings.set(language, pattern);
  return pattern;
};

const endOfString = (text: string, from: number, close: string, multiline: boolean, raw: boolean): number => {
  for (let at = from; at < text.length; at += 1) {
    const character = text[at];
    if (character === '\\' && !raw) at += 1;
    else if (character === '\n' && !multiline) return at;
    else if (character === close[0] && text.startsWith(close, at)) return at + close.length;
  }
  return text.length;
};

/** End of the text part of a template: behind its closing backtick, or behind `${`. */
const endOfTemplateText = (text: string, from: number): number => {
  for (let at = from; at < text.length; at += 1) {
    const character = text[at];
    if (character === '\\') at += 1;
    else if (character === '`') return at + 1;
    else if (character === '$' && text[at + 1] === '{') return at + 2;
  }
  return text.length;
};

const KEYWORD_BEFORE_REGEXP = /(?:^|[^\w$.])(?:return|typeof|case|in|of|do|else|void|delete|throw|new|await|yield)$/;

/** Whether a `/` at this place begins a regular expression: nothing stands before it that could be divided. */
const beginsRegExp = (text: string, at: number): boolean => {
  let before = at - 1;
  while (before >= 0 && (text[before] === ' ' || text[before] === '\t' || text[before] === '\n')) before -= 1;
  const character = text[before];
  if (character === undefined) return true;
  if (/[\w$]/.test(character)) return KEYWORD_BEFORE_REGEXP.test(text.slice(Math.max(0, before - 12), before + 1));
  return !/[)\]}<"'`>]/.test(character);
};

const endOfRegExp = (text: string, at: number): number | undefined => {
  let inClass = false;
  for (let next = at + 1; next < text.length; next += 1) {
    const character = text[next];
    if (character === '\n') return undefined;
    if (character === '\\') next += 1;
    else if (character === '[') inClass = true;
    else if (character === ']') inClass = false;
    else if (character === '/' && !inClass) return next + 1;
  }
  return undefined;
};

const SHORT_QUOTE = /'(?:\\[^\n]{1,10}?|[^\\'\n]{1,2})'/y;

const endOfShortQuote = (text: string, at: number): number => {
  SHORT_QUOTE.lastIndex = at;
  const match = SHORT_QUOTE.exec(text);
  return match ? at + match[0].length : at + 1;
};

const isWordStart = (text: string, at: number) => at === 0 || /[\s;(]/.test(text[at - 1] ?? '');

/**
 * The comments of a text, in linear time. A lexer, not a parser: it survives code that is wrong, and input that is
 * nested so deeply that a parser would overflow its stack.
 */
export const commentsOf = (text: string, language: Language): Comment[] => {
  const comments: Comment[] = [];
  const opening = openingOf(language);
  /** Depth of braces inside each open `${`. */
  const templates: number[] = [];
  let position = 0;
  const template = (from: number) => {
    const end = endOfTemplateText(text, from);
    if (text[end - 1] === '{') templates.push(0);
    return end;
  };
  const scriptToken = (token: string, at: number): number => {
    const depth = templates.at(-1);
    if (token === '`') return template(at + 1);
    if (token === '/') return (beginsRegExp(text, at) ? endOfRegExp(text, at) : undefined) ?? at + 1;
    if (depth === undefined) return at + 1;
    if (token === '{') templates[templates.length - 1] = depth + 1;
    else if (depth > 0) templates[templates.length - 1] = depth - 1;
    else {
      templates.pop();
      return template(at + 1);
    }
    return at + 1;
  };
  while (position < text.length) {
    opening.lastIndex = position;
    const match = opening.exec(text);
    if (!match) break;
    const at = match.index;
    const token = match[0];
    const block = language.block.find(([open]) => open === token);
    if (block) {
      const close = text.indexOf(block[1], at + token.length);
      position = close === -1 ? text.length : close + block[1].length;
      comments.push({ start: at, end: position });
    } else if (language.line.includes(token)) {
      const real = language.wordStart ? isWordStart(text, at) : text[at - 1] !== ':';
      const end = text.indexOf('\n', at);
      position = real ? (end === -1 ? text.length : end) : at + token.length;
      if (real) comments.push({ start: at, end: position });
    } else {
      const string = language.strings.find(({ open }) => open === token);
      if (string && token === "'" && language.shortQuote) position = endOfShortQuote(text, at);
      else if (string) position = endOfString(text, at + token.length, string.close, !!string.multiline, !!string.raw);
      else position = scriptToken(token, at);
    }
  }
  return comments;
};
