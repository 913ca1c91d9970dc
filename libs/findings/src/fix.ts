import { type FindingSource, HyperRunError } from '#contracts';
import { analyseInDetail } from './analyse.js';
import { applyEdits, type LocatedFinding } from './draft.js';
import { extensionOf } from './languages.js';
import { fixLint } from './lint.js';
import { faultKey, fixMarkdown } from './markdown.js';
import type { AnalyseOptions } from './scan.js';
import type { SourceTree } from './source-tree.js';

const FIXABLE: readonly FindingSource[] = ['links', 'markdown', 'spelling', 'lint'];

const of = (found: readonly LocatedFinding[], fixer: string) =>
  found.filter(({ finding }) => finding.fixer === fixer).map(({ finding }) => finding);

/** First what stays within a line, then what removes and adds lines: so the line numbers stay true. */
const fixFile = async (path: string, text: string, found: readonly LocatedFinding[]): Promise<string> => {
  const edited = applyEdits(
    text,
    found.flatMap(({ edit }) => edit ?? []),
  );
  const faults = new Set(of(found, 'markdown').map(({ rule, range }) => faultKey(rule, range.startLine)));
  const formed = faults.size === 0 ? edited : fixMarkdown(edited, faults);
  const rules = [...new Set(of(found, 'lint').map(({ rule }) => rule))];
  return rules.length === 0 ? formed : fixLint(`file.${extensionOf(path)}`, formed, rules);
};

/** UTF-8 or nothing: bytes that would be lost on the way are not touched. */
const decode = (path: string, content: Buffer): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
  } catch (error) {
    throw new HyperRunError(
      'findings.not-utf8',
      `Expected UTF-8 in ${path}, found other bytes: it is left as it is.`,
      { path },
      'caller',
      { cause: error },
    );
  }
};

/**
 * New contents of the files in which these findings can be repaired for certain; files that stay as they are are
 * missing. Findings without a fixer, and ids that are not found (any more), change nothing.
 * A lint rule is applied to the whole file.
 */
export const fixFindings = async (
  tree: SourceTree,
  findingIds: readonly string[],
  paths: readonly string[],
  options: AnalyseOptions = {},
): Promise<Map<string, string>> => {
  const wanted = new Set(findingIds);
  const { located } = await analyseInDetail(tree, new Set(paths), { sources: FIXABLE, ...options });
  const byPath = new Map<string, LocatedFinding[]>();
  for (const found of located) {
    if (!wanted.has(found.finding.findingId) || found.finding.fixer === undefined) continue;
    byPath.set(found.finding.path, [...(byPath.get(found.finding.path) ?? []), found]);
  }
  const fixed = new Map<string, string>();
  for (const [path, found] of byPath) {
    const content = await tree.read(path);
    if (!content) continue;
    const text = decode(path, content);
    const result = await fixFile(path, text, found);
    if (result !== text) fixed.set(path, result);
  }
  return fixed;
};
