import picomatch from 'picomatch';
import { HyperRunError } from '#contracts';

const MAX_WILDCARDS = { segment: 3, globstars: 4, alternatives: 32 };

/**
 * A pattern of a scope: `*`, `?` and `{a,b}` within a segment, `**` as a whole segment, `dir/` for all below it.
 * Everything else is literal, brackets too (`app/[id]/page.md`). Case matters, dotfiles match.
 * `dir/**` is what lies below `dir`, never `dir` itself.
 * @throws HyperRunError scope.invalid-pattern
 */
export const compilePattern = (pattern: string): ((path: string) => boolean) => {
  const normal = normalisePattern(pattern);
  const escaped = normal.replaceAll(/[[\]()!+@^$|"'\\]/g, String.raw`\$&`);
  return picomatch(escaped, {
    dot: true,
    nonegate: true,
    noextglob: true,
    nobracket: true,
    strictSlashes: true,
    posix: true,
  });
};

/** The pattern with `dir/` and `dir/**` as `dir/**` + `/*`, after it was found valid. */
export const normalisePattern = (pattern: string): string => {
  const fault = faultOf(pattern);
  if (fault !== undefined) throw invalid(pattern, fault);
  const below = pattern.endsWith('/') ? `${pattern}**` : pattern;
  return below === '**' || below.endsWith('/**') ? `${below}/*` : below;
};

const faultOf = (pattern: string): string | undefined => {
  const segments = pattern.replace(/\/$/, '').split('/');
  const globstars = segments.filter((segment) => segment === '**').length;
  const checks: readonly (readonly [boolean, string])[] = [
    [pattern === '' || pattern === '/', 'it is empty'],
    [Buffer.byteLength(pattern) > 1024, 'it is longer than 1,024 bytes'],
    [/[\p{Surrogate}\p{Cc}\p{Cf}\p{Zl}\p{Zp}\uFFFD]/u.test(pattern), 'it contains an invisible or control character'],
    [pattern !== pattern.normalize('NFC'), 'it is not in Unicode normal form C'],
    [pattern.startsWith('!'), 'a scope cannot exclude; name what is allowed'],
    [pattern.startsWith('/') || /^[a-z]:/i.test(pattern), 'it must be relative to the top of the repository'],
    [pattern.includes('\\'), 'it contains a backslash'],
    [segments.some((segment) => segment === ''), 'it has an empty segment'],
    [segments.some((segment) => segment === '.' || segment === '..'), 'it has a segment "." or ".."'],
    [segments.some((segment) => segment !== '**' && segment.includes('**')), '** must be a whole segment'],
    [globstars > MAX_WILDCARDS.globstars, `it has more than ${MAX_WILDCARDS.globstars} times **`],
    [
      segments.some((segment) => segment !== '**' && segment.split('*').length - 1 > MAX_WILDCARDS.segment),
      `a segment has more than ${MAX_WILDCARDS.segment} times *`,
    ],
    [!bracesAreSimple(pattern), 'braces must be closed, not nested, within one segment, with two to 32 alternatives'],
  ];
  return checks.find(([fails]) => fails)?.[1];
};

const bracesAreSimple = (pattern: string): boolean => {
  const groups = [...pattern.matchAll(/\{([^{}/]*)\}/g)].map((match) => match[1] ?? '');
  const rest = pattern.replaceAll(/\{[^{}/]*\}/g, '');
  const counts = groups.map((group) => group.split(',').length);
  const total = counts.reduce((product, count) => product * count, 1);
  return (
    !/[{}]/.test(rest) &&
    counts.every((count) => count >= 2) &&
    total <= MAX_WILDCARDS.alternatives &&
    groups.every((group) => !group.includes('..') && group.split(',').every((part) => part !== '' && part !== '.'))
  );
};

const invalid = (pattern: string, why: string) =>
  new HyperRunError(
    'scope.invalid-pattern',
    `The pattern ${JSON.stringify(pattern.slice(0, 200))} cannot be part of a scope: ${why}.`,
    { pattern },
  );
