/** What a file is written in, as far as its name tells. */
export const LANGUAGES = [
  'javascript', 'typescript', 'markdown', 'python', 'go', 'rust', 'java', 'kotlin', 'csharp', 'ruby', 'php', 'c', 'cpp', 'swift', 'shell', 'text',
] as const; // prettier-ignore
export type Language = (typeof LANGUAGES)[number];

const BY_EXTENSION: Readonly<Record<string, Language>> = {
  js: 'javascript', cjs: 'javascript', mjs: 'javascript', jsx: 'javascript',
  ts: 'typescript', cts: 'typescript', mts: 'typescript', tsx: 'typescript',
  md: 'markdown', markdown: 'markdown', mdx: 'markdown',
  py: 'python', pyi: 'python', go: 'go', rs: 'rust', java: 'java', kt: 'kotlin', kts: 'kotlin', cs: 'csharp',
  rb: 'ruby', rake: 'ruby', php: 'php', c: 'c', h: 'c', cc: 'cpp', cpp: 'cpp', cxx: 'cpp', hpp: 'cpp', hh: 'cpp',
  swift: 'swift', sh: 'shell', bash: 'shell', zsh: 'shell',
}; // prettier-ignore

export const languageOf = (path: string): Language => {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  const extension = name.slice(name.lastIndexOf('.') + 1);
  return Object.hasOwn(BY_EXTENSION, extension) ? (BY_EXTENSION[extension] ?? 'text') : 'text';
};

/** Why a file is listed in the tree but not searched. */
export const SKIP_REASONS = [
  'too-large', 'binary', 'minified', 'lockfile', 'generated', 'unreadable', 'missing', 'too-many-files',
] as const; // prettier-ignore
export type SkipReason = (typeof SKIP_REASONS)[number];

const LOCKFILE =
  /(^|\/)(package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lockb?|cargo\.lock|poetry\.lock|uv\.lock|pipfile\.lock|composer\.lock|gemfile\.lock|go\.sum|flake\.lock)$/i;
const GENERATED = /(^|\/)(node_modules|vendor|third_party|dist|\.yarn)\/|\.min\.(js|css)$|\.(map|snap|svg|pb\.go)$/i;
const SECRET =
  /(^|\/)(\.env(\.(?!example$|sample$|template$)[^/]*)?|\.npmrc|\.netrc|\.pypirc|id_(rsa|dsa|ecdsa|ed25519)|credentials|[^/]*\.(pem|key|p12|pfx|keystore|jks))$/i;

/** Files that commonly hold secrets: never read into an index. */
export const mayHoldSecrets = (path: string): boolean => SECRET.test(path);

/** A verdict from name and size alone, before a byte is read. */
export const skipByName = (path: string, size: number, maxBytes: number): SkipReason | undefined => {
  if (mayHoldSecrets(path)) return 'unreadable';
  if (LOCKFILE.test(path)) return 'lockfile';
  if (GENERATED.test(path)) return 'generated';
  return size > maxBytes ? 'too-large' : undefined;
};

const BINARY_PROBE = 8192;
const MEAN_LINE_OF_MINIFIED = 500;
const SMALLEST_MINIFIED = 5000;

/** A verdict from the content: a NUL in the first 8 KiB, or lines that no person writes. */
export const skipByContent = (bytes: Buffer): SkipReason | undefined => {
  if (bytes.subarray(0, BINARY_PROBE).includes(0)) return 'binary';
  if (bytes.length < SMALLEST_MINIFIED) return undefined;
  let lines = 1;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) lines++;
  return bytes.length / lines > MEAN_LINE_OF_MINIFIED ? 'minified' : undefined;
};

const TEST_PATH =
  /(^|\/)(tests?|__tests__|spec|specs|fixtures?|__fixtures__|testdata|examples?|e2e|mocks?|__mocks__)\/|[._-](test|spec)\.[a-z]+$|(^|\/)test_[^/]*\.py$|_test\.(go|py|rb)$/i;

/** Tests, fixtures and examples: searched, but ranked behind what they are about. */
export const isTestPath = (path: string): boolean => TEST_PATH.test(path);
