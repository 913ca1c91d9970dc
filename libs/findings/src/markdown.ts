import { applyFixes, getVersion, type LintError } from 'markdownlint';
import { lint } from 'markdownlint/sync';
import type { Draft } from './draft.js';
import { Lines } from './lines.js';
import type { MarkdownDocument } from './markdown-document.js';

/** Only rules that have a fix, do not depend on taste, and leave what is rendered as it was or as it was meant. */
const RULES: Readonly<Record<string, object | true>> = {
  MD009: { br_spaces: 2, list_item_empty_lines: false, strict: false },
  MD011: true,
  MD012: { maximum: 1 },
  MD018: true,
  MD019: true,
  MD023: true,
  MD039: true,
  MD047: true,
};
const CONFIG = { default: false, ...RULES };

export const MARKDOWN_HOW = `markdownlint ${getVersion()}`;

const lintText = (text: string): LintError[] => {
  const results = lint({ strings: { text }, config: CONFIG, handleRuleFailures: true, noInlineConfig: false });
  return results['text'] ?? [];
};

const ruleOf = (error: LintError) => error.ruleNames[0] ?? '';

/** `##Title` was meant as a heading; `#123` and `#hashtag` were not. Three spaces break a line as two do. A link text
 *  that is broken over lines is no fault. */
const isMeant = (error: LintError, line: string, next: string) => {
  if (ruleOf(error) === 'MD018') return /^#{2,6}[A-Za-z]/.test(line);
  if (ruleOf(error) === 'MD009') return !/\S[ ]{2,}\r?$/.test(line) || next.trim() === '';
  return ruleOf(error) !== 'MD039' || /\[\s[^\]]*\S\]|\[[^\]]*\S\s\]/.test(line);
};

/** What every fault of these rules looks like at least. Most documents hold nothing of the kind and need not be parsed. */
const SUSPICIOUS =
  /(?:^|[^ ]) \r?$|[ ]{3}\r?$|\t\r?$|^[ \t]*\r?\n[ \t]*\r?\n|^#{2,6}[A-Za-z]|^#{1,6}[ \t]{2}|^[ \t]+#{1,6}[ \t]|\[\s[^\]\n]*\][([]|\s\][([]|\)\[[^\]^]/m;

/** Faults of form in a Markdown text, outside of code and HTML; each can be put right by its rule. */
export const markdownFaults = (text: string, document: Pick<MarkdownDocument, 'literalLines'>): Draft[] => {
  if (!SUSPICIOUS.test(text) && text.endsWith('\n')) return [];
  const lines = new Lines(text);
  const literal = (line: number) => document.literalLines.some(([from, to]) => line >= from && line <= to);
  return lintText(text)
    .filter((error) => error.fixInfo !== undefined && error.fixInfo !== null && ruleOf(error) in RULES)
    .filter((error) => ruleOf(error) === 'MD047' || !literal(error.lineNumber))
    .filter((error) => isMeant(error, lines.textOf(error.lineNumber), lines.textOf(error.lineNumber + 1)))
    .map((error): Draft => {
      const start = lines.startOf(error.lineNumber);
      const line = lines.textOf(error.lineNumber);
      return {
        rule: ruleOf(error),
        range: { ...lines.range(start, start + Math.max(1, line.length)), endLine: error.lineNumber },
        line: line.trim() === '' ? '(empty line)' : line,
        subject: ruleOf(error),
        message: `${error.ruleDescription}${error.errorDetail ? `: ${error.errorDetail}` : ''}.`,
        confidence: 'certain',
        fixer: 'markdown',
      };
    });
};

/** The text with the fixes of exactly these faults. */
export const fixMarkdown = (text: string, faults: ReadonlySet<string>): string =>
  applyFixes(
    text,
    lintText(text).filter((error) => faults.has(faultKey(ruleOf(error), error.lineNumber))),
  );

export const faultKey = (rule: string, line: number): string => `${rule}:${line}`;
