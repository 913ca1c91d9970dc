import { javascriptSymbols } from './javascript-symbols.js';
import { type Language, type SkipReason, skipByContent } from './language.js';
import { lineSymbols } from './line-symbols.js';
import { markdownSymbols } from './markdown-symbols.js';
import type { CodeSymbol } from './symbol.js';
import { termsOf } from './words.js';

/** Raised when the same bytes would yield other facts. */
export const FACTS_VERSION = 1;

/** What is found and shown as one: a symbol with its leading comment, or a stretch of a file outside of symbols. */
export interface Chunk {
  /** Index into `symbols`; absent for a stretch without a name. */
  readonly symbol?: number;
  readonly startLine: number;
  readonly endLine: number;
  /** Term and how often it occurs, one after the other: `['scope', 3, 'path', 1]`. */
  readonly terms: readonly (string | number)[];
}

/** All that is known of a blob: a pure function of its bytes, its language and `FACTS_VERSION`. Plain JSON. */
export interface BlobFacts {
  readonly skipped?: SkipReason;
  readonly lines: number;
  readonly symbols: readonly CodeSymbol[];
  readonly chunks: readonly Chunk[];
}

const LINES_PER_NAMELESS_CHUNK = 40;
const MAX_CHUNKS = 2000;
const MAX_TERMS_PER_CHUNK = 4000;
const LONGEST_INDEXED_LINE = 2000;
const LEADS_A_SYMBOL = /^\s*(\/\/|\/\*|\*|#|@|--|"""|\[\w)/;

export const factsOf = (bytes: Buffer, language: Language): BlobFacts => {
  const skipped = skipByContent(bytes);
  if (skipped) return { skipped, lines: 0, symbols: [], chunks: [] };
  const text = bytes.toString('utf8');
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  const symbols = symbolsOf(text, language);
  return { lines: lines.length, symbols, chunks: chunksOf(lines, symbols) };
};

const symbolsOf = (text: string, language: Language): CodeSymbol[] => {
  if (language === 'javascript' || language === 'typescript') return javascriptSymbols(text);
  return language === 'markdown' ? markdownSymbols(text) : lineSymbols(text, language);
};

/** Every line belongs to the innermost symbol around it; lines of none are cut into stretches. */
const chunksOf = (lines: readonly string[], symbols: readonly CodeSymbol[]): Chunk[] => {
  const owner = new Int32Array(lines.length).fill(-1);
  const edges = new Set(symbols.flatMap((symbol) => [symbol.startLine, symbol.endLine]));
  const starts = symbols.map((symbol) => withLeadingComment(lines, symbol.startLine, edges));
  symbols.forEach((symbol, index) => owner.fill(index, (starts[index] ?? 1) - 1, symbol.endLine));
  const texts = new Map<string, { symbol?: number; startLine: number; endLine: number; lines: string[] }>();
  lines.forEach((line, index) => {
    const symbol = owner[index] ?? -1;
    if (symbol < 0 && line.trim() === '') return;
    const key = symbol < 0 ? `line ${Math.floor(index / LINES_PER_NAMELESS_CHUNK)}` : `symbol ${symbol}`;
    const known = texts.get(key);
    if (known) {
      known.lines.push(line);
      if (symbol < 0) known.endLine = index + 1;
    } else if (texts.size < MAX_CHUNKS) texts.set(key, { ...place(symbol, index + 1, starts, symbols), lines: [line] });
  });
  return [...texts.values()].map(({ lines: own, ...where }) => ({ ...where, terms: frequencies(own) }));
};

const place = (symbol: number, line: number, starts: readonly number[], symbols: readonly CodeSymbol[]) =>
  symbol < 0
    ? { startLine: line, endLine: line }
    : { symbol, startLine: starts[symbol] ?? line, endLine: symbols[symbol]?.endLine ?? line };

const withLeadingComment = (lines: readonly string[], startLine: number, edges: ReadonlySet<number>): number => {
  let line = startLine;
  const isComment = () => line > 1 && !edges.has(line - 1) && LEADS_A_SYMBOL.test(lines[line - 2] ?? '');
  while (startLine - line < LINES_PER_NAMELESS_CHUNK && isComment()) line--;
  return line;
};

const frequencies = (lines: readonly string[]): (string | number)[] => {
  const counts = new Map<string, number>();
  let left = MAX_TERMS_PER_CHUNK;
  for (const line of lines) {
    const terms = termsOf(line.slice(0, LONGEST_INDEXED_LINE), left);
    left -= terms.length;
    for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1);
    if (left <= 0) break;
  }
  return [...counts].flat();
};
