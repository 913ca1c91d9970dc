import type { Finding, FindingSource } from '#contracts';
import { candidatesOf } from './classify.js';
import {
  COVERAGE_HOW,
  coverageFault,
  type CoverageReport,
  pathInTree,
  readCoverage,
  REPORT_PATHS,
} from './coverage.js';
import { type Draft, locate, type LocatedFinding } from './draft.js';
import type { FileFacts } from './facts.js';
import { LINT_HOW } from './lint.js';
import { brokenLinks, documentsNeeded, LINKS_HOW } from './links.js';
import { MARKDOWN_HOW } from './markdown.js';
import { misspellings } from './misspellings.js';
import { houseStyle, unwantedRules } from './repository-taste.js';
import { type AnalyseOptions, Scan, type Skipped } from './scan.js';
import type { SourceTree } from './source-tree.js';
import { indexTree } from './tree-index.js';

export interface Analysis {
  readonly findings: Finding[];
  readonly skipped: Skipped[];
  /** Files looked into. */
  readonly files: number;
}

/** As `Analysis`, with the edits that repair what can be repaired in place. */
export interface DetailedAnalysis extends Omit<Analysis, 'findings'> {
  readonly located: LocatedFinding[];
}

const MAX_PER_RULE = 2000;
const ALL: readonly FindingSource[] = ['links', 'markdown', 'spelling', 'lint', 'todo', 'coverage'];

const coverageFindings = async (
  tree: SourceTree,
  wanted: (path: string) => boolean,
  options: AnalyseOptions,
  skipped: Skipped[],
) => {
  const reports: CoverageReport[] = [...(options.reports ?? [])];
  for (const path of REPORT_PATHS) {
    const content = await tree.read(path);
    const modified = content && (await options.lastChanged?.(path));
    if (content) reports.push({ path, content, ...(modified === undefined ? {} : { modified }) });
  }
  if (reports.length === 0) {
    skipped.push({ source: 'coverage', reason: 'no lcov or istanbul report found' });
    return [];
  }
  const paths = new Set(tree.files().map(({ path }) => path));
  const faults = new Map<string, Draft>();
  for (const report of reports) {
    try {
      for (const coverage of readCoverage(report)) {
        const path = pathInTree(coverage.file, (candidate) => paths.has(candidate));
        if (path === undefined || !wanted(path) || faults.has(path)) continue;
        const fault = coverageFault(coverage, report, await options.lastChanged?.(path));
        if (fault) faults.set(path, fault);
      }
    } catch (error) {
      skipped.push({
        source: 'coverage',
        reason: `${report.path} not read: ${error instanceof Error ? error.message.slice(0, 100) : ''}`,
      });
    }
  }
  return [...faults].flatMap(([path, fault]) => locate('coverage', path, COVERAGE_HOW, [fault]));
};

const spellingFindings = (facts: ReadonlyMap<string, FileFacts>): LocatedFinding[] => {
  const names = new Set([...facts.values()].flatMap(({ spelling }) => spelling?.names ?? []));
  return [...facts].flatMap(([path, { spelling }]) => {
    const hits = spelling?.hits.filter(({ subject }) => !names.has(subject.toLowerCase())) ?? [];
    return locate('spelling', path, `exact match in ${misspellings().how}`, hits);
  });
};

const markdownFindings = async (
  tree: SourceTree,
  facts: ReadonlyMap<string, FileFacts>,
  whole: boolean,
): Promise<LocatedFinding[]> => {
  const unwanted = await unwantedRules(tree);
  const broken = [...facts].flatMap(([path, { markdown, links }]) =>
    links ? [[path, new Set(markdown?.map(({ rule }) => rule))] as const] : [],
  );
  const isStyle = houseStyle(new Map(whole ? broken : []));
  return [...facts].flatMap(([path, { markdown }]) =>
    locate(
      'markdown',
      path,
      MARKDOWN_HOW,
      markdown?.filter(({ rule }) => !unwanted.has(rule) && !isStyle(path, rule)) ?? [],
    ),
  );
};

const capped = (located: readonly LocatedFinding[], skipped: Skipped[]): LocatedFinding[] => {
  const counts = new Map<string, number>();
  const kept = located.filter(({ finding }) => {
    const rule = `${finding.source} ${finding.rule}`;
    const count = (counts.get(rule) ?? 0) + 1;
    counts.set(rule, count);
    return count <= MAX_PER_RULE;
  });
  for (const [rule, count] of counts) {
    if (count > MAX_PER_RULE)
      skipped.push({ source: rule, reason: `${count - MAX_PER_RULE} more than the ${MAX_PER_RULE} shown` });
  }
  return kept;
};

const inOrder = (a: LocatedFinding, b: LocatedFinding): number => {
  const [left, right] = [a.finding, b.finding];
  if (left.path !== right.path) return left.path < right.path ? -1 : 1;
  if (left.range.startLine !== right.range.startLine) return left.range.startLine - right.range.startLine;
  const column = (left.range.startColumn ?? 0) - (right.range.startColumn ?? 0);
  return column !== 0 ? column : left.findingId < right.findingId ? -1 : 1;
};

/** `paths` undefined: the whole tree. */
export const analyseInDetail = async (
  tree: SourceTree,
  paths: ReadonlySet<string> | undefined,
  options: AnalyseOptions = {},
): Promise<DetailedAnalysis> => {
  const sources = new Set(options.sources ?? ALL);
  const readable = (await candidatesOf(tree)).filter(({ path }) => !options.unreadable?.(path));
  const candidates = paths ? readable.filter(({ path }) => paths.has(path)) : readable;
  const scan = new Scan(tree, options);
  const facts = await scan.facts(candidates);
  const { skipped } = scan;
  for (const [path, { skipped: reason }] of facts)
    if (reason !== undefined) skipped.push({ source: 'all', reason: `${path}: ${reason}` });
  const located: LocatedFinding[] = [];
  if (sources.has('links')) {
    const index = await indexTree(tree);
    const elsewhere = new Set(
      [...facts].flatMap(([path, { links }]) => (links ? documentsNeeded(path, links, index) : [])),
    );
    const extra = [...elsewhere].flatMap((path) => {
      const file = facts.has(path) || options.unreadable?.(path) ? undefined : index.files.get(path);
      return file && file.mode.startsWith('100') ? [{ ...file, kind: 'markdown' as const }] : [];
    });
    const others = await scan.facts(extra);
    const anchors = (path: string) => (facts.get(path) ?? others.get(path))?.links;
    for (const [path, { links }] of facts)
      if (links) located.push(...locate('links', path, LINKS_HOW, brokenLinks(path, links, index, anchors)));
  }
  if (sources.has('markdown')) located.push(...(await markdownFindings(tree, facts, paths === undefined)));
  if (sources.has('spelling')) located.push(...spellingFindings(facts));
  if (sources.has('todo'))
    for (const [path, { todo }] of facts) located.push(...locate('todo', path, 'marker in a comment', todo ?? []));
  if (sources.has('lint')) {
    for (const [path, drafts] of await scan.lint(candidates.filter(({ kind }) => kind === 'script')))
      located.push(...locate('lint', path, LINT_HOW, drafts));
  }
  if (sources.has('coverage')) {
    located.push(
      ...(await coverageFindings(
        tree,
        (path) => (paths?.has(path) ?? true) && !options.unreadable?.(path),
        options,
        skipped,
      )),
    );
  }
  return { located: capped(located.sort(inOrder), skipped), skipped, files: candidates.length };
};

const plainly = ({ located, skipped, files }: DetailedAnalysis): Analysis => ({
  findings: located.map(({ finding }) => finding),
  skipped,
  files,
});

/**
 * What is worth improving in a tree, sorted by path and place: the same for the same tree, whatever the cache holds.
 * Bad input is skipped with its reason, never thrown; only `signal` makes it throw.
 */
export const analyse = async (tree: SourceTree, options: AnalyseOptions = {}): Promise<Analysis> =>
  plainly(await analyseInDetail(tree, undefined, options));

/**
 * The same for some files; their links are resolved against the whole tree. What can only be judged by the whole
 * repository (its house style, its own names) is not filtered out here: compare such an answer only with another of
 * its kind.
 */
export const analyseFiles = async (
  tree: SourceTree,
  paths: readonly string[],
  options: AnalyseOptions = {},
): Promise<Analysis> => plainly(await analyseInDetail(tree, new Set(paths), options));
