import type { Comment } from './comments.js';
import type { Draft } from './draft.js';
import { Lines } from './lines.js';
import type { Span } from './markdown-document.js';
import { misspellings } from './misspellings.js';

/** What one file says about spelling. */
export interface SpellingFacts {
  readonly hits: readonly Draft[];
  /** Listed words that the file uses outside of prose, so that they are names in this repository. */
  readonly names: readonly string[];
}

/** Runs of letters as they stand in camelCase, snake_case and prose. */
const WORD_PARTS = /[A-Z]{5,}|[A-Za-z][a-z]{4,}/g;

/** Which listed words stand anywhere in a text, also inside of identifiers. */
export const listedWords = (text: string): Set<string> => {
  const { corrections } = misspellings();
  const found = new Set<string>();
  for (const [word] of text.matchAll(WORD_PARTS)) {
    const lower = word.toLowerCase();
    if (corrections.has(lower)) found.add(lower);
  }
  return found;
};

const STOP_WORDS = /\b(?:the|of|and|to|is|in|for|that|with|this|you|are|it|be|or|if|as|not|an?|by|on)\b/gi;
const NOT_LATIN = /(?!\p{Script=Latin})\p{L}/gu;
const ACCENTED = /[À-ɏ]/g;

/** Whether a text is mostly English: stop words are frequent, other alphabets and accents are rare. */
export const isEnglish = (text: string): boolean => {
  const sample = text.slice(0, 50_000);
  const words = sample.match(/[A-Za-z]+/g)?.length ?? 0;
  if (words < 5) return false;
  if ((sample.match(NOT_LATIN)?.length ?? 0) > words / 20 || (sample.match(ACCENTED)?.length ?? 0) > words / 20)
    return false;
  return words < 40 || (sample.match(STOP_WORDS)?.length ?? 0) / words > 0.08;
};

/** A word by itself: no part of a name, a path, an address, a number, a hyphenation or a quotation. */
const LONE_WORD =
  /(?<![\p{L}\p{N}_$@#%&=/\\.`'’"“«:<~^+-]|[\p{L}\p{N}][-'])[A-Za-z][a-z]{4,}(?![\p{L}\p{N}_$@#=/\\`'’"”»<>([{~^+-]|\.[\p{L}\p{N}]|:[:\p{L}/])/gu;
const SENTENCE_START = /(?:^|[.!?:]["')\]]*\s+|[-*•|#>]\s+|\n\s*(?:\/\/+|\*|#+|--|>|\|)?\s*)$/;

const matchCase = (wrong: string, right: string): string =>
  /^[A-Z]/.test(wrong) ? right.charAt(0).toUpperCase() + right.slice(1) : right;

/** Lines that quote or name rather than tell: tags of documentation comments, directives of tools. */
const isDirective = (line: string) =>
  /cspell|codespell|spell-?check|typos?\b|misspel|eslint|@(?:author|see|link|license|copyright|example)|https?:\/\//i.test(
    line,
  );

const hitsIn = (lines: Lines, spans: readonly Span[], place: string): Draft[] => {
  const { corrections } = misspellings();
  const hits: Draft[] = [];
  for (const span of spans) {
    const slice = lines.text.slice(span.start, span.end);
    for (const match of slice.matchAll(LONE_WORD)) {
      const wrong = match[0];
      const right = corrections.get(wrong.toLowerCase());
      if (right === undefined) continue;
      const before = slice.slice(Math.max(0, match.index - 60), match.index);
      if (/^[A-Z]/.test(wrong) && !SENTENCE_START.test(before)) continue;
      const start = span.start + match.index;
      const end = start + wrong.length;
      const range = lines.range(start, end);
      const line = lines.textOf(range.startLine);
      if (isDirective(line)) continue;
      const text = matchCase(wrong, right);
      hits.push({
        rule: 'misspelling',
        range,
        line,
        subject: wrong,
        message: `“${wrong}” in ${place} is a misspelling of “${text}”.`,
        confidence: 'certain',
        fixer: 'spelling',
        notes: { suggestion: text },
        edit: { start, end, text },
      });
    }
  }
  return hits;
};

/** To change a heading is to change its anchor, which others may link to from anywhere: a person decides. */
const inHeading = ({ fixer: _fixer, edit: _edit, ...hit }: Draft): Draft => ({
  ...hit,
  notes: { ...hit.notes, heading: 'The anchor of this heading changes with it: links from elsewhere would break.' },
});

/** Misspellings in the prose of a Markdown text. */
export const spellingInProse = (
  text: string,
  prose: readonly Span[],
  headings: readonly Span[] = [],
): SpellingFacts => {
  if (listedWords(text).size === 0) return { hits: [], names: [] };
  if (!isEnglish(prose.map(({ start, end }) => text.slice(start, end)).join(' '))) return { hits: [], names: [] };
  const within = (hit: Draft) =>
    headings.some(({ start, end }) => start <= (hit.edit?.start ?? 0) && (hit.edit?.end ?? 0) <= end);
  const hits = hitsIn(new Lines(text), prose, 'prose').map((hit) => (within(hit) ? inHeading(hit) : hit));
  return { hits, names: [] };
};

const outside = (text: string, comments: readonly Comment[]): string => {
  let rest = '';
  let position = 0;
  for (const { start, end } of comments) {
    rest += `${text.slice(position, start)}\n`;
    position = end;
  }
  return rest + text.slice(position);
};

/** Misspellings in the comments of a program; words that its code uses are names and left alone. */
export const spellingInComments = (text: string, comments: readonly Comment[]): SpellingFacts => {
  const names = listedWords(outside(text, comments));
  const english = isEnglish(comments.map(({ start, end }) => text.slice(start, end)).join(' '));
  const hits = english ? hitsIn(new Lines(text), comments, 'a comment') : [];
  return { hits: hits.filter(({ subject }) => !names.has(subject.toLowerCase())), names: [...names].sort() };
};
