import type { Draft } from './draft.js';
import { Lines } from './lines.js';
import { type Diagnostic, type Oxlint, OXLINT_VERSION, withOxlint } from './oxlint.js';

/** Rules whose findings are mistakes, not matters of taste. */
const RULES = [
  'no-debugger',
  'no-dupe-keys',
  'no-dupe-else-if',
  'no-dupe-class-members',
  'no-duplicate-case',
  'no-self-assign',
  'no-const-assign',
  'no-compare-neg-zero',
  'no-unused-labels',
  'no-unsafe-negation',
  'no-obj-calls',
  'no-empty-character-class',
  'no-extra-boolean-cast',
  'use-isnan',
  'valid-typeof',
  'for-direction',
  'typescript/no-extra-non-null-assertion',
  'typescript/prefer-as-const',
  'typescript/prefer-namespace-keyword',
  'unicorn/no-useless-fallback-in-spread',
  'oxc/bad-array-method-on-arguments',
  'oxc/bad-char-at-comparison',
  'oxc/bad-comparison-sequence',
  'oxc/bad-min-max-func',
  'oxc/bad-object-literal-comparison',
  'oxc/const-comparisons',
  'oxc/double-comparisons',
  'oxc/missing-throw',
  'oxc/number-arg-out-of-range',
  'oxc/uninvoked-array-callback',
];

/** Rules whose fix leaves what the program does as it was. The others repair a mistake: a person or a model judges. */
const SAFE: readonly string[] = [
  'no-extra-boolean-cast',
  'no-unused-labels',
  'typescript/no-extra-non-null-assertion',
  'typescript/prefer-as-const',
  'typescript/prefer-namespace-keyword',
  'unicorn/no-useless-fallback-in-spread',
];

export const LINT_HOW = `oxlint ${OXLINT_VERSION}, own configuration`;

/** `eslint(no-debugger)` → `no-debugger`; `typescript-eslint(x)` → `typescript/x`. */
const configName = (code: string): string => {
  const [, scope = '', rule = ''] = /^([\w-]+)\(([\w/-]+)\)$/.exec(code) ?? [];
  return scope === 'eslint'
    ? rule
    : `${scope.replace('typescript-eslint', 'typescript').replace('eslint-plugin-', '')}/${rule}`;
};

const isSafe = (code: string) => SAFE.includes(configName(code));

const offsetOf = (content: Buffer, bytes: number) => content.toString('utf8', 0, bytes).length;

interface Located extends Diagnostic {
  readonly code: string;
  readonly name: string;
}

const isLocated = (diagnostic: Diagnostic): diagnostic is Diagnostic & { code: string } =>
  diagnostic.code !== undefined && (diagnostic.labels?.length ?? 0) > 0;

/** Some complaints are the parser's own, about syntax: not ours to judge. */
const isOurs = (diagnostic: { code: string }) => RULES.includes(configName(diagnostic.code));

const locatedIn = (diagnostics: readonly Diagnostic[]): Located[] =>
  diagnostics
    .filter(isLocated)
    .filter(isOurs)
    .map((diagnostic) => ({ ...diagnostic, name: diagnostic.filename.replace(/^\.\//, '') }));

const sentence = (text: string) => (/[.!?:]\s*$/.test(text) ? text.trim() : `${text.trim()}.`);

const draftOf = (diagnostic: Located, content: Buffer, lines: Lines): Draft => {
  const span = diagnostic.labels?.at(-1)?.span ?? { offset: 0, length: 1 };
  const start = offsetOf(content, span.offset);
  const range = lines.range(start, start + content.toString('utf8', span.offset, span.offset + span.length).length);
  return {
    rule: diagnostic.code,
    range,
    line: lines.textOf(range.startLine),
    subject: diagnostic.code,
    message: [diagnostic.message, diagnostic.help].flatMap((part) => (part ? sentence(part) : [])).join(' '),
    confidence: isSafe(diagnostic.code) ? 'certain' : 'likely',
  };
};

const keyOf = (draft: Draft) => `${draft.rule}\0${draft.line.trim()}`;

/** File by file: what is wrong, as drafts that do not know yet whether they can be fixed. */
const drafts = (diagnostics: readonly Diagnostic[], contents: ReadonlyMap<string, Buffer>): Map<string, Draft[]> => {
  const byFile = new Map<string, Draft[]>();
  const lines = new Map<string, Lines>();
  for (const diagnostic of locatedIn(diagnostics)) {
    const content = contents.get(diagnostic.name);
    if (!content) continue;
    const known = lines.get(diagnostic.name) ?? new Lines(content.toString('utf8'));
    lines.set(diagnostic.name, known);
    byFile.set(diagnostic.name, [...(byFile.get(diagnostic.name) ?? []), draftOf(diagnostic, content, known)]);
  }
  for (const found of byFile.values()) {
    found.sort(
      (a, b) =>
        a.range.startLine - b.range.startLine ||
        (a.range.startColumn ?? 0) - (b.range.startColumn ?? 0) ||
        (a.rule < b.rule ? -1 : 1),
    );
  }
  return byFile;
};

/** Fixes overlap, and one run applies only one of those that do. */
const MAX_RUNS = 5;

/** The contents after all fixes that the configured rules have. */
const settled = async ({ fix, read }: Oxlint, contents: ReadonlyMap<string, Buffer>): Promise<Map<string, Buffer>> => {
  let before = new Map(contents);
  for (let run = 0; run < MAX_RUNS; run += 1) {
    await fix();
    const after = new Map<string, Buffer>();
    for (const name of contents.keys()) after.set(name, await read(name));
    if ([...after].every(([name, content]) => before.get(name)?.equals(content))) break;
    before = after;
  }
  return before;
};

/** What of a file is gone after the fix. A rule that still has something to say, elsewhere, is not believed. */
const markGone = (found: readonly Draft[], left: readonly Draft[]): Draft[] => {
  const known = new Set(found.map(keyOf));
  const still = new Set(left.map(keyOf));
  const moved = new Set(left.filter((draft) => !known.has(keyOf(draft))).map(({ rule }) => rule));
  return found.map((draft) =>
    isSafe(draft.rule) && !still.has(keyOf(draft)) && !moved.has(draft.rule) ? { ...draft, fixer: 'lint' } : draft,
  );
};

/** Fixes a copy and looks again: what is gone can be fixed. */
const markFixable = async (
  found: ReadonlyMap<string, Draft[]>,
  contents: ReadonlyMap<string, Buffer>,
): Promise<Map<string, Draft[]>> => {
  const affected = new Map(
    [...contents].filter(([name]) => found.get(name)?.some(({ rule }) => isSafe(rule)) ?? false),
  );
  if (affected.size === 0) return new Map(found);
  const left = await withOxlint(affected, SAFE, async (oxlint) => {
    const fixed = await settled(oxlint, affected);
    return drafts(await oxlint.lint(), fixed);
  });
  return new Map(
    [...found].map(([name, list]) => [name, affected.has(name) ? markGone(list, left.get(name) ?? []) : list]),
  );
};

/** Lints many files at once. Names are flat and end as the language demands; files without a fault are missing in the answer. */
export const lintFiles = async (contents: ReadonlyMap<string, Buffer>): Promise<Map<string, Draft[]>> => {
  if (contents.size === 0) return new Map();
  const found = drafts(await withOxlint(contents, RULES, ({ lint }) => lint()), contents);
  return markFixable(found, contents);
};

/** The text with the safe fixes of these rules (as findings name them). */
export const fixLint = (name: string, text: string, rules: readonly string[]): Promise<string> => {
  const contents = new Map([[name, Buffer.from(text)]]);
  return withOxlint(contents, rules.map(configName), async (oxlint) =>
    String((await settled(oxlint, contents)).get(name) ?? text),
  );
};
