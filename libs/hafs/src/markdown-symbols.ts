import { type CodeSymbol, MAX_NAME_LENGTH, MAX_SYMBOLS_PER_FILE } from './symbol.js';

const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const LONGEST_HEADING_LINE = 1000;

interface Heading {
  readonly name: string;
  readonly level: number;
  readonly line: number;
}

/** `## Name ##` without a pattern that could backtrack. */
const headingOf = (line: string): { name: string; level: number } | undefined => {
  const indent = line.length - line.trimStart().length;
  const body = line.trim();
  const level = body.length - body.replace(/^#+/, '').length;
  if (indent > 3 || level < 1 || level > 6 || (body.length > level && !/\s/.test(body[level] ?? ''))) return undefined;
  const words = body.slice(level).trim().split(/\s+/);
  if (/^#+$/.test(words.at(-1) ?? '')) words.pop();
  return { name: words.join(' ').slice(0, MAX_NAME_LENGTH), level };
};

const headings = (lines: readonly string[]): Heading[] => {
  const found: Heading[] = [];
  let fence: string | undefined;
  lines.forEach((line, index) => {
    if (line.length > LONGEST_HEADING_LINE) return;
    const mark = FENCE.exec(line)?.[1];
    if (fence) {
      if (mark?.startsWith(fence) && line.trim() === mark) fence = undefined;
    } else if (mark) fence = mark;
    else {
      const heading = headingOf(line);
      if (heading?.name && found.length < MAX_SYMBOLS_PER_FILE) found.push({ ...heading, line: index + 1 });
    }
  });
  return found;
};

/** ATX headings outside code fences. A heading reaches to the line before the next one of its level or above. */
export const markdownSymbols = (text: string): CodeSymbol[] => {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  const open: (Heading & { at: number })[] = [];
  const ends: number[] = [];
  const closeDownTo = (level: number, endLine: number) => {
    for (let top = open.at(-1); top && top.level >= level; top = open.at(-1)) {
      ends[top.at] = endLine;
      open.pop();
    }
  };
  const found = headings(lines).map((heading, at) => {
    closeDownTo(heading.level, heading.line - 1);
    const parent = open.map(({ name }) => name).join(' > ');
    open.push({ ...heading, at });
    return { name: heading.name, kind: 'heading' as const, startLine: heading.line, ...(parent && { parent }) };
  });
  closeDownTo(0, lines.length);
  return found.map((heading, at) => ({ ...heading, endLine: ends[at] ?? lines.length }));
};
