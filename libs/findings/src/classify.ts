import picomatch from 'picomatch';
import { extensionOf, languageOf } from './languages.js';
import type { SourceTree, TreeFile } from './source-tree.js';

/** What is looked for in a file depends on what kind of file it is. */
export type FileKind = 'markdown' | 'script' | 'code';

/** Larger files are no one's handwriting. */
export const MAX_BYTES = 1_000_000;

const VENDORED =
  /(^|\/)(node_modules|bower_components|jspm_packages|vendor|vendored|third[-_]?party|external|deps|_vendor|\.git|\.yarn|site-packages|Pods|Carthage)(\/|$)/i;
const GENERATED =
  /(^|\/)(dist|build|out|coverage|target|\.next|\.nuxt|\.output|__generated__|generated|gen|_build|site|storybook-static|versioned_docs|__pycache__)\/|\.(min|bundle|generated|gen|g)\.[a-z]+$|[-.]min\.(js|css)$|_pb2?\.(py|js|ts)$|\.pb\.go$|\.d\.ts\.map$|\.map$/i;
const FIXTURES =
  /(^|\/)(__)?(fixtures?|snapshots?|testdata|test-?data|test_files|mocks?|samples?|corpus|golden|goldens|baselines?|cassettes|conformance|([\w-]+[-_])?templates?|skeletons?|scaffold(ing)?|boilerplates?)(__)?(\/|$)|\.snap$|jsfmt\.spec\.|(^|[-_./])(fixture|snapshot)s?[-_./]/i;
const LOCKS = /(^|\/)(package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|.*\.lock|go\.sum)$/i;
/** History and law are not to be polished. */
const RECORDS =
  /(^|\/)(changelogs?|changes|history|releases?|release[-_]notes|news|whatsnew|licen[cs]es?|licen[cs]e-[a-z0-9]+|copying|notice|third[-_]party[-_]notices|authors|contributors|code[-_]of[-_]conduct|cla)([-_.][a-z0-9.]*)?(\.(md|markdown|txt|rst))?(\/|$)|(^|\/)(changelog_unreleased|\.changeset|blog|_posts|posts)\//i;
/** Rendered elsewhere than where it lies, or filled in by someone. */
const FORMS = /(^|\/)([^/]*(pull[-_]request|issue)[-_]template|\.github\/(ISSUE_TEMPLATE|PULL_REQUEST_TEMPLATE))/i;
const TESTS = /(^|\/)(tests?|__tests__|spec|specs|e2e|testing|test-.*|.*-tests?|benchmarks?|bench)\//i;
const TEST_MARKDOWN = /(^|\/)(readme|contributing|index|guide|testing)\.(md|markdown)$/i;
const TEST_NAME = /(^|\/)test_[^/]+$|[._-](test|tests|spec|e2e|unittest)\.[a-z]+$/i;
const SCRIPTS = new Set(['js', 'jsx', 'mjs', 'cjs', 'ts', 'tsx', 'mts', 'cts']);
const MARKDOWN = new Set(['md', 'markdown']);

const RECORDED = /(^|\/)__snapshots__\/|\.snap$/i;

/** What judges other files: by where it lies, by its name beside what it tests, or as what such tests compare with. */
export const isTestPath = (path: string): boolean => [TESTS, TEST_NAME, RECORDED].some((tests) => tests.test(path));

const isTestMaterial = (path: string) => {
  const place = TESTS.exec(path);
  if (!place) return false;
  const below = path.slice(place.index + place[0].length).split('/').length - 1;
  return below > 1 || !TEST_MARKDOWN.test(path);
};

/** Deep below the tests lies what they read, unless it is called a test. */
const isTestInput = (path: string) => {
  const place = TESTS.exec(path);
  if (!place || TEST_NAME.test(path)) return false;
  return path.slice(place.index + place[0].length).split('/').length > 2;
};

/** Undefined: nothing is looked for in such a file. */
export const kindOf = (path: string): FileKind | undefined => {
  if (VENDORED.test(path) || GENERATED.test(path) || FIXTURES.test(path) || LOCKS.test(path)) return undefined;
  const extension = extensionOf(path);
  if (MARKDOWN.has(extension)) {
    return RECORDS.test(path) || FORMS.test(path) || isTestMaterial(path) ? undefined : 'markdown';
  }
  if (isTestInput(path)) return undefined;
  if (SCRIPTS.has(extension)) return 'script';
  return languageOf(path) ? 'code' : undefined;
};

const isAttribute = (line: string) => /(^|\s)linguist-(generated|vendored)(=true)?(\s|$)/.test(line);

/** Paths that the repository itself calls generated or vendored: `.gitattributes` in its root. */
export const declaredGenerated = (gitattributes: string): ((path: string) => boolean) => {
  const patterns = gitattributes
    .slice(0, 100_000)
    .split('\n')
    .filter(isAttribute)
    .map((line) => line.trim().split(/\s+/)[0] ?? '')
    .filter((pattern) => pattern !== '' && pattern.length < 200)
    .slice(0, 200)
    .map((pattern) => (pattern.startsWith('/') ? pattern.slice(1) : pattern.includes('/') ? pattern : `**/${pattern}`));
  return patterns.length === 0 ? () => false : picomatch(patterns, { dot: true });
};

export interface Candidate extends TreeFile {
  readonly kind: FileKind;
}

/** The files in which something is looked for, sorted by path. */
export const candidatesOf = async (tree: SourceTree): Promise<Candidate[]> => {
  const hasAttributes = tree.files().some(({ path }) => path === '.gitattributes');
  const attributes = hasAttributes ? await tree.read('.gitattributes') : undefined;
  const declared = declaredGenerated(attributes?.toString('utf8') ?? '');
  const candidates: Candidate[] = [];
  for (const file of tree.files()) {
    if (!file.mode.startsWith('100') || file.size > MAX_BYTES || file.size === 0) continue;
    const kind = kindOf(file.path);
    if (kind && !declared(file.path)) candidates.push({ ...file, kind });
  }
  return candidates.sort((a, b) => (a.path < b.path ? -1 : 1));
};

/** A NUL among the first 8,000 bytes, as git decides it. */
export const isBinary = (content: Buffer): boolean => content.subarray(0, 8000).includes(0);

/** Lines so long that a program wrote them. */
export const isMinified = (content: Buffer): boolean => {
  let start = 0;
  for (;;) {
    const end = content.indexOf(10, start);
    if ((end === -1 ? content.length : end) - start > 20_000) return true;
    if (end === -1) return false;
    start = end + 1;
  }
};

const GENERATED_MARK =
  /@generated\b|\bdo not edit\b|\bautomatically generated\b|\bauto-?generated (by|from|file)\b|\bcode generated\b/i;

/** A sentence about the very file it stands in. */
const OF_ITSELF =
  /\bthis (is an? )?(auto-?|automatically )?generated (file|page|document)\b|\bthis (file|page|document)( is| was| has been|'s)? (auto-?generated|automatically generated|generated (by|from|automatically))\b|\bdo not edit this (file|page|document)\b/i;

const top = (text: string) => text.slice(0, 1500);

/** A file that says at its top that a program wrote it: source code, or a comment. */
export const saysGenerated = (text: string): boolean => GENERATED_MARK.test(top(text)) || saysItIsGenerated(text);

/** The same of a text in which others may be talked about: what it says of itself in its front matter or prose. */
export const saysItIsGenerated = (text: string): boolean => OF_ITSELF.test(top(text));
