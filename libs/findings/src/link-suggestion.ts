import { folderOf, relativePath } from './link-address.js';
import type { TreeIndex } from './tree-index.js';

/** Names that many folders have: to find one elsewhere says nothing. */
const COMMON =
  /^(readme|index|main|mod|lib|__init__|package|tsconfig|config|conf|setup|makefile|dockerfile|license|contributing|changelog|test|tests|utils|types|types\.d|example|logo|icon|screenshot|image|demo|overview|intro|introduction|getting[-_]started|installation|usage|api|faq|guide)(\.[a-z0-9]+)*$/i;
const SECONDARY =
  /(^|\/)(node_modules|vendor|third[-_]?party|fixtures?|__fixtures__|__snapshots__|snapshots|dist|versioned_docs|testdata|templates?|i18n|locales?|archive|[a-z]{2}-[A-Z]{2})\//;

/**
 * The file that was certainly meant, if there is one: the same path in another case, or the only file of this
 * (uncommon) name, which has moved.
 */
export const movedTo = (index: TreeIndex, missing: string): { path: string; because: 'case' | 'moved' } | undefined => {
  const cased = index.byLowerCase.get(missing.toLowerCase());
  if (cased?.length === 1 && cased[0] !== undefined) return { path: cased[0], because: 'case' };
  const name = missing.slice(missing.lastIndexOf('/') + 1);
  const found = index.byName.get(name)?.filter((path) => !index.opaque.has(path)) ?? [];
  const [only] = found;
  if (found.length !== 1 || only === undefined || COMMON.test(name) || SECONDARY.test(only)) return undefined;
  return { path: only, because: 'moved' };
};

/** The address to write instead. */
export const addressOf = (document: string, target: string, written: string): string =>
  relativePath(folderOf(document), target, written);

const reduced = (anchor: string) => anchor.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');

/** Edit distance, given up above `limit`. */
const distance = (a: string, b: string, limit: number): number => {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    if (Math.min(...next) > limit) return limit + 1;
    row = next;
  }
  return row[b.length] ?? limit + 1;
};

/** Whether two anchors differ in case and punctuation alone: some sites make their anchors this way. */
export const sameButPunctuation = (a: string, b: string): boolean => reduced(a) === reduced(b) && reduced(a) !== '';

/** The heading that was certainly meant: the only one equal but for case and punctuation, else the only one that is
 *  a slip of the pen away. */
export const anchorMeant = (anchor: string, headings: readonly string[]): string | undefined => {
  const wanted = reduced(anchor);
  if (wanted.length < 3) return undefined;
  const unique = [...new Set(headings)];
  const equal = unique.filter((heading) => reduced(heading) === wanted);
  if (equal.length > 0) return equal.length === 1 ? equal[0] : undefined;
  if (wanted.length < 6 || wanted.length > 120 || /\d/.test(wanted)) return undefined;
  const limit = wanted.length < 12 ? 1 : 2;
  const close = unique.filter((heading) => distance(wanted, reduced(heading), limit) <= limit);
  return close.length === 1 ? close[0] : undefined;
};
