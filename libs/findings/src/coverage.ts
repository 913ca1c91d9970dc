import { z } from 'zod';
import type { Draft } from './draft.js';

/** A coverage report, wherever it was read from. */
export interface CoverageReport {
  readonly path: string;
  readonly content: Buffer;
  /** Milliseconds since 1970; unknown: the report is not compared with the age of the files. */
  readonly modified?: number;
}

export const REPORT_PATHS = [
  'coverage/lcov.info',
  'lcov.info',
  'coverage.lcov',
  'coverage/coverage-final.json',
  'coverage-final.json',
];

export interface FileCoverage {
  /** As the report writes it: often absolute. */
  readonly file: string;
  readonly lines: number;
  readonly covered: number;
}

const MAX_REPORT = 50_000_000;
/** Below this share of its lines a file is mentioned. */
const LOW = 0.5;
const MIN_LINES = 5;

const Istanbul = z.record(
  z.string(),
  z.object({
    path: z.string(),
    statementMap: z.record(z.string(), z.object({ start: z.object({ line: z.number() }) })),
    s: z.record(z.string(), z.number()),
  }),
);

const fromLcov = (text: string): FileCoverage[] =>
  text.split('end_of_record').flatMap((record) => {
    const file = /^SF:(.+)$/m.exec(record)?.[1]?.trim();
    if (file === undefined) return [];
    const hits = [...record.matchAll(/^DA:\d+,(\d+)/gm)].map((match) => Number(match[1]));
    return [{ file, lines: hits.length, covered: hits.filter((count) => count > 0).length }];
  });

const fromIstanbul = (text: string): FileCoverage[] =>
  Object.values(Istanbul.parse(JSON.parse(text))).map((file) => {
    const lines = new Map<number, boolean>();
    for (const [id, { start }] of Object.entries(file.statementMap)) {
      lines.set(start.line, (lines.get(start.line) ?? false) || (file.s[id] ?? 0) > 0);
    }
    return { file: file.path, lines: lines.size, covered: [...lines.values()].filter(Boolean).length };
  });

/** Reads lcov or istanbul JSON; throws when it is neither. */
export const readCoverage = (report: CoverageReport): FileCoverage[] => {
  if (report.content.length > MAX_REPORT) throw new RangeError('larger than 50 MB');
  const text = report.content.toString('utf8');
  return report.path.endsWith('.json') ? fromIstanbul(text) : fromLcov(text);
};

/** The path in the tree that a report means: the longest end of it that exists. */
export const pathInTree = (reported: string, has: (path: string) => boolean): string | undefined => {
  const segments = reported
    .replaceAll('\\', '/')
    .split('/')
    .filter((segment) => segment !== '' && segment !== '.');
  for (let from = 0; from < segments.length; from += 1) {
    const path = segments.slice(from).join('/');
    if (has(path)) return path;
  }
  return undefined;
};

export const COVERAGE_HOW = 'coverage report (lcov or istanbul)';

export const coverageFault = (
  coverage: FileCoverage,
  report: CoverageReport,
  changed: number | undefined,
): Draft | undefined => {
  const share = coverage.covered / coverage.lines;
  if (coverage.lines < MIN_LINES || !(share < LOW)) return undefined;
  const stale = report.modified !== undefined && changed !== undefined && changed > report.modified;
  return {
    rule: 'low-coverage',
    range: { startLine: 1, endLine: 1 },
    line: `${coverage.covered} of ${coverage.lines} lines covered`,
    subject: 'low-coverage',
    message: `${Math.round(share * 100)} % of its ${coverage.lines} lines are covered by tests (${report.path}).`,
    confidence: stale ? 'possible' : 'likely',
    notes: {
      report: report.path.slice(0, 300),
      ...(stale ? { stale: 'The report is older than the last change of this file.' } : {}),
    },
  };
};
