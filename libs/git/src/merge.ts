import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HyperRunError, type Oid } from '#contracts';
import { materialise } from './materialise.js';
import { splitAtNul, type FileEntry } from './object-database.js';
import { PrivateObjects } from './private-objects.js';
import type { GitRepository } from './repository.js';
import { readRegularFile } from './regular-file.js';
import { runGit, type GitCall } from './run-git.js';
import { isRegularFile, oidFrom } from './tree.js';

export interface TreeMerge {
  /** With conflicts it holds marks, and is good for nothing. */
  readonly tree: Oid;
  /** Paths that cannot be merged, in order; none: it is a clean merge. */
  readonly conflicts: readonly string[];
}

/** The first git that merges without a work tree. */
const MERGES_SINCE = [2, 38] as const;

/** Renames are followed; a file that is added is not moved because a folder was renamed meanwhile. */
const SETTINGS = { 'merge.renames': 'true', 'merge.directoryRenames': 'false' };
const NOBODY = { name: 'hyper-run', email: 'hyper-run@localhost' };

/** How git merges a file by itself; any other name stands for a command of the user. */
const BUILT_IN = ['unspecified', 'set', 'unset', 'text', 'binary', 'union'];

/**
 * Merges trees of a repository by native git, in a git directory of its own: no index, in the work tree nothing but the
 * attributes of the base, and of the repository nothing but its objects and `info/attributes`, so that no merge driver,
 * replacement or history of it matters. New objects lie in `directory` alone.
 */
export class TreeMerger {
  private constructor(
    private readonly call: GitCall,
    private readonly objects: PrivateObjects,
  ) {}

  /** `base`: whose `.gitattributes` say how files are merged. @throws HyperRunError git.too-old */
  static async create(repository: GitRepository, directory: string, base: Oid): Promise<TreeMerger> {
    await requireMergingGit();
    const objects = await PrivateObjects.create(directory);
    const gitDir = objects.directory;
    await mkdir(join(gitDir, 'refs'), { recursive: true });
    await writeFile(join(gitDir, 'HEAD'), 'ref: refs/heads/none\n');
    const { commonDir } = repository.location;
    const alternates = [join(commonDir, 'objects')];
    const workTree = join(gitDir, 'attributes');
    await materialise(repository.objects, base, workTree, isAttributes);
    await mkdir(join(gitDir, 'info'), { recursive: true });
    await writeFile(join(gitDir, 'info/attributes'), await ownAttributes(commonDir), 'latin1');
    const call = { gitDir, workTree, objects: { directory: join(gitDir, 'objects'), alternates }, config: SETTINGS };
    return new TreeMerger(call, objects);
  }

  /** Takes the objects of a pack in, beside the others. @throws HyperRunError git.failed */
  async take(pack: Buffer): Promise<void> {
    await runGit(['unpack-objects', '-q', '--strict'], { ...this.call, input: pack });
  }

  /** Three trees become one. @throws HyperRunError git.failed, git.timed-out */
  async merge(base: Oid, ours: Oid, theirs: Oid): Promise<TreeMerge> {
    const root = await this.commit(base);
    const [left, right] = await Promise.all([this.commit(ours, root), this.commit(theirs, root)]);
    const args = ['merge-tree', '--write-tree', '-z', '--name-only', '--end-of-options', left, right];
    return parseMerge((await runGit(args, { ...this.call, answers: [0, 1] })).stdout);
  }

  /** The merge drivers that attributes name for these paths and that git does not have itself, by path. */
  async foreignDrivers(paths: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const input = paths.map((path) => `${path}\0`).join('');
    const { stdout } = await runGit(['check-attr', '-z', '--stdin', 'merge'], { ...this.call, input });
    const fields = splitAtNul(stdout).map((field) => field.toString('utf8'));
    const told = Array.from({ length: fields.length / 3 }, (_, at) => [fields[3 * at] ?? '', fields[3 * at + 2] ?? ''] as const); // prettier-ignore
    return new Map(told.filter(([, driver]) => !BUILT_IN.includes(driver)));
  }

  /** What git merges are commits; these are made for it, with no history behind them. */
  private commit(tree: Oid, ...parents: readonly Oid[]): Promise<Oid> {
    return this.objects.writeCommit({ tree, parents, message: 'A side of a merge', author: NOBODY, time: 0 });
  }
}

const isAttributes = (file: FileEntry): boolean => isRegularFile(file) && /(^|\/)\.gitattributes$/.test(file.path);

/** Of the repository itself, in no commit. */
const ownAttributes = (commonDir: string): Promise<string> =>
  readRegularFile(join(commonDir, 'info/attributes'), 'latin1').catch(() => '');

const requireMergingGit = async (): Promise<void> => {
  const found = (await runGit(['version'])).stdout.toString('latin1').trim();
  const [major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(found) ?? []).slice(1).map(Number);
  if (major > MERGES_SINCE[0] || (major === MERGES_SINCE[0] && minor >= MERGES_SINCE[1])) return;
  throw new HyperRunError(
    'git.too-old',
    `Merging without a work tree needs git ${MERGES_SINCE.join('.')} or later, found ${found}. Upgrade git, or merge the branches yourself: hyper-run merge <sprint>.`,
    { found },
    'operator',
  );
};

/**
 * `merge-tree -z --name-only`: the tree, the paths in conflict, an empty field, then what git has to say, each as a number of
 * paths, the paths, a kind and a sentence.
 */
export const parseMerge = (output: Buffer): TreeMerge => {
  const [tree = '', ...fields] = splitAtNul(output).map((field) => field.toString('utf8'));
  const end = fields.indexOf('');
  const named = end < 0 ? fields : fields.slice(0, end);
  for (let at = named.length + 1; at < fields.length;) {
    const count = Number(fields[at]);
    const paths = fields.slice(at + 1, at + 1 + count);
    if (fields[at + 1 + count]?.startsWith('CONFLICT') === true) named.push(...paths);
    at += count + 3;
  }
  return { tree: oidFrom(tree), conflicts: [...new Set(named.map(originalPath))].toSorted() };
};

/** A file that a folder is in the way of is moved to `<path>~<commit>`. */
const originalPath = (path: string): string => path.replace(/~[0-9a-f]{40}$/, '');
