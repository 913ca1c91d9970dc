import { isHyperRunError, type Oid } from '#contracts';
import {
  isDirectory,
  MODE,
  serialiseTree,
  textOf,
  type GitRepository,
  type ObjectDatabase,
  type RawChange,
  type TreeEntry,
} from '#git';
import { isCovered, isPlainPath } from './gate-rules.js';
import { fold } from './path-syntax.js';
import type { Scope } from './scope.js';

export interface Violation {
  readonly path: string;
  /** Stable: `gate.*`, or a rule of the scope. */
  readonly rule: string;
}

export type Verdict =
  { readonly ok: true; readonly files: number } | { readonly ok: false; readonly violations: readonly Violation[] };

const MAX_FILES = 1000;
const MAX_REPORTED = 100;
const REGULAR = ['100644', '100755'];
const ABSENT = '000000';
/** In the tree itself: git's comparison reads 104755 as 100755. Links and submodules are judged there. */
const TREE_MODES = new Set<string>(Object.values(MODE));

/**
 * Judges a candidate by what native git says differs from the base, with nothing taken over from whoever built it: only
 * regular files, no change of mode, no name that any file system could mistake, every path inside the scope, no two names
 * that differ in case alone, trees as git itself would write them. One violation condemns the whole candidate.
 * @throws HyperRunError git.failed if git cannot read the candidate
 */
export const gate = async (options: {
  readonly repository: GitRepository;
  /** Commit or tree. */
  readonly base: Oid;
  readonly candidateTree: Oid;
  /** Where the objects of the candidate lie. */
  readonly directory: string;
  readonly scope: Scope;
}): Promise<Verdict> => {
  const objects = options.repository.withPrivateObjects(options.directory);
  try {
    const [changes, inTrees] = await Promise.all([
      objects.rawDiff(options.base, options.candidateTree),
      options.repository.treeOf(options.base).then((base) => judgeTrees(objects, '', options.candidateTree, base)),
    ]);
    const violations = [
      ...(changes.length > MAX_FILES ? [{ path: `${changes.length} files`, rule: 'gate.too-many-files' }] : []),
      ...(changes.length === 0 ? [{ path: '', rule: 'gate.nothing-changed' }] : []),
      ...changes.flatMap((change) => judge(change, options.scope)),
      ...inTrees,
    ];
    if (violations.length > 0) return { ok: false, violations: violations.slice(0, MAX_REPORTED) };
    return { ok: true, files: changes.length };
  } finally {
    objects.close();
  }
};

const judge = (change: RawChange, scope: Scope): Violation[] => {
  const { path, oldMode, newMode } = change;
  const found = (rule: string): Violation => ({ path, rule });
  const decision = scope.check(path);
  return [
    ...[oldMode, newMode].flatMap((mode) =>
      mode === ABSENT || REGULAR.includes(mode) ? [] : [found(ruleOfMode(mode))],
    ),
    ...(oldMode !== ABSENT && newMode !== ABSENT && oldMode !== newMode ? [found('gate.mode-changed')] : []),
    ...(isPlainPath(change.bytes) ? [] : [found('gate.path')]),
    ...(isCovered(scope.patterns, path) && (!scope.paths || scope.paths.includes(path))
      ? []
      : [found('gate.outside-scope')]),
    ...(decision.allowed ? [] : [found(decision.rule)]),
  ];
};

const ruleOfMode = (mode: string) =>
  mode === '120000' ? 'gate.symlink' : mode === '160000' ? 'gate.submodule' : 'gate.mode';

/** Walks only what differs, in the trees themselves: what a comparison of paths would not show. */
const judgeTrees = async (
  objects: ObjectDatabase,
  path: string,
  tree: Oid,
  base: Oid | undefined,
): Promise<Violation[]> => {
  if (tree === base) return [];
  const [after, before] = await Promise.all([
    readable(objects, tree),
    base === undefined ? [] : objects.readTree(base),
  ]);
  if (!after || !(await isCanonical(objects, tree, after))) return [{ path: path || '.', rule: 'gate.malformed-tree' }];
  const known = new Map(before.map((entry) => [entry.name, entry]));
  const changed = after.filter((entry) => {
    const old = known.get(entry.name);
    return old?.oid !== entry.oid || old.mode !== entry.mode;
  });
  const here = twinsAmong(after, new Set(changed.filter((entry) => !known.has(entry.name)).map(({ name }) => name)));
  const at = (name: string) => (path === '' ? textOf(name) : `${path}/${textOf(name)}`);
  const below = changed.filter(isDirectory).map((entry) => {
    const old = known.get(entry.name);
    return judgeTrees(objects, at(entry.name), entry.oid, old && isDirectory(old) ? old.oid : undefined);
  });
  return [
    ...(isBareRepository(after) && !isBareRepository(before)
      ? [{ path: path || '.', rule: 'gate.nested-repository' }]
      : []),
    ...here.map((name) => ({ path: at(name), rule: 'gate.twin' })),
    ...changed.filter(({ mode }) => !TREE_MODES.has(mode)).map(({ name }) => ({ path: at(name), rule: 'gate.mode' })),
    ...(await Promise.all(below)).flat(),
  ];
};

/** What git takes for a repository without asking, and reads the configuration of. */
const isBareRepository = (entries: readonly TreeEntry[]): boolean =>
  ['HEAD', 'objects', 'refs'].every((wanted) => entries.some(({ name }) => name === wanted));

const readable = async (objects: ObjectDatabase, tree: Oid): Promise<readonly TreeEntry[] | undefined> => {
  try {
    return await objects.readTree(tree);
  } catch (error) {
    if (isHyperRunError(error)) return undefined;
    throw error;
  }
};

/** Sorted, no name twice, no separator in a name, modes spelled as git spells them. */
const isCanonical = async (objects: ObjectDatabase, tree: Oid, entries: readonly TreeEntry[]): Promise<boolean> => {
  const names = new Set(entries.map(({ name }) => name));
  if (names.size !== entries.length || [...names].some((name) => name === '' || name.includes('/'))) return false;
  return serialiseTree(entries).equals((await objects.readObject(tree)).content);
};

/** New names that fold to the name of a sibling. */
const twinsAmong = (entries: readonly TreeEntry[], added: ReadonlySet<string>): string[] => {
  if (added.size === 0) return [];
  const counts = new Map<string, number>();
  const key = (name: string) => fold(textOf(name));
  for (const { name } of entries) counts.set(key(name), (counts.get(key(name)) ?? 0) + 1);
  return [...added].filter((name) => (counts.get(key(name)) ?? 0) > 1);
};
