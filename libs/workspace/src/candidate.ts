import { HyperRunError, type FileChange, type Oid } from '#contracts';
import {
  bytesOf,
  isDirectory,
  MODE,
  PrivateObjects,
  type GitRepository,
  type ObjectDatabase,
  type TreeEntry,
} from '#git';
import type { TreeChange, VirtualTree } from './virtual-tree.js';

export interface Candidate {
  readonly tree: Oid;
  readonly files: readonly FileChange[];
  /** Unified diff from the base, as `git apply` takes it. */
  readonly patch: Buffer;
}

/**
 * Writes what was changed in a virtual tree as git objects, all of them into `directory` and none into the repository:
 * discarding the candidate is removing that folder. Only trees on the way to a change are written anew. Native git then
 * reads every new object back, and its name is checked against its content.
 * May be run again with the same directory.
 * @throws HyperRunError candidate.empty (nothing differs from the base)
 */
export const buildCandidate = async (options: {
  readonly repository: GitRepository;
  readonly tree: VirtualTree;
  readonly directory: string;
}): Promise<Candidate> => {
  const { repository, tree, directory } = options;
  const writer = new TreeWriter(repository.objects, await PrivateObjects.create(directory));
  const changed = (await writer.rewrite(tree.baseTree, tree.changes().map(inBytes))) ?? (await writer.writeEmpty());
  if (changed === tree.baseTree) throw nothingChanged();
  const objects = repository.withPrivateObjects(directory);
  try {
    const readBack = Promise.all([...writer.written].map((oid) => objects.readObject(oid)));
    const [{ files, patch }] = await Promise.all([objects.changes(tree.baseTree, changed), readBack]);
    return { tree: changed, files, patch };
  } finally {
    objects.close();
  }
};

interface ByteChange {
  readonly segments: readonly string[];
  readonly content: Buffer | undefined;
  readonly executable: boolean;
}

const inBytes = ({ path, ...more }: TreeChange): ByteChange => ({ segments: bytesOf(path).split('/'), ...more });

class TreeWriter {
  readonly written = new Set<Oid>();

  constructor(
    private readonly base: ObjectDatabase,
    private readonly target: PrivateObjects,
  ) {}

  writeEmpty(): Promise<Oid> {
    return this.note(this.target.writeTree([]));
  }

  /** The tree with the changes in it: the same object if nothing differs, undefined if nothing is left in it. */
  async rewrite(tree: Oid | undefined, changes: readonly ByteChange[]): Promise<Oid | undefined> {
    const before = tree === undefined ? [] : await this.base.readTree(tree);
    const entries = new Map(before.map((entry) => [entry.name, entry]));
    const rewritten = await Promise.all(
      [...byFirstSegment(changes)].map(
        async ([name, below]) => [name, await this.entry(name, entries.get(name), below)] as const,
      ),
    );
    for (const [name, entry] of rewritten) {
      if (entry) entries.set(name, entry);
      else entries.delete(name);
    }
    const same = rewritten.every(([name, entry]) => entry?.oid === before.find((old) => old.name === name)?.oid);
    if (same) return tree;
    return entries.size === 0 ? undefined : this.note(this.target.writeTree([...entries.values()]));
  }

  private async entry(
    name: string,
    before: TreeEntry | undefined,
    changes: readonly ByteChange[],
  ): Promise<TreeEntry | undefined> {
    const [first] = changes;
    if (first?.segments.length === 1) {
      if (first.content === undefined) return undefined;
      const mode = before?.mode === MODE.executable || first.executable ? MODE.executable : MODE.file;
      return { name, mode, oid: await this.note(this.target.writeBlob(first.content)) };
    }
    const below = changes.map(({ segments, ...more }) => ({ segments: segments.slice(1), ...more }));
    const oid = await this.rewrite(before && isDirectory(before) ? before.oid : undefined, below);
    return oid && { name, mode: MODE.directory, oid };
  }

  private async note(writing: Promise<Oid>): Promise<Oid> {
    const oid = await writing;
    this.written.add(oid);
    return oid;
  }
}

const byFirstSegment = (changes: readonly ByteChange[]): Map<string, ByteChange[]> => {
  const groups = new Map<string, ByteChange[]>();
  for (const change of changes) {
    const [name = ''] = change.segments;
    const group = groups.get(name);
    if (group) group.push(change);
    else groups.set(name, [change]);
  }
  return groups;
};

const nothingChanged = () =>
  new HyperRunError('candidate.empty', 'Nothing differs from the base commit: there is no candidate to judge.');
