import { HyperRunError, type Oid, type TaskId } from '#contracts';
import { TreeMerger, type GitRepository, type TreeMerge } from '#git';

/** What one task made of the base. */
export interface Part {
  readonly taskId: TaskId;
  readonly tree: Oid;
}

/** A path, and the tasks that changed it. */
export interface Shared {
  readonly path: string;
  readonly taskIds: readonly TaskId[];
}

export type Merged =
  | { readonly ok: true; readonly tree: Oid; readonly shared: readonly Shared[] }
  | { readonly ok: false; readonly conflicts: readonly Shared[] };

/**
 * Merges what several tasks made of the same base, one after the other, as git does it. The same parts in the same order
 * give the same tree. What cannot be merged is named by path, with every task that is in a conflict over it.
 */
export class CandidateMerger {
  private readonly changes = new Map<Oid, Promise<readonly string[]>>();

  private constructor(
    private readonly repository: GitRepository,
    private readonly directory: string,
    private readonly base: Oid,
    private readonly trees: TreeMerger,
  ) {}

  /**
   * `directory` takes all that is made, `packs` are the objects of the parts, wherever their branches have gone.
   * @throws HyperRunError git.too-old
   */
  static async open(options: {
    readonly repository: GitRepository;
    readonly directory: string;
    readonly base: Oid;
    readonly packs: Iterable<Buffer> | AsyncIterable<Buffer>;
  }): Promise<CandidateMerger> {
    const { repository, directory, base, packs } = options;
    const trees = await TreeMerger.create(repository, directory, base);
    for await (const pack of packs) await trees.take(pack);
    return new CandidateMerger(repository, directory, await repository.treeOf(base), trees);
  }

  /** @throws HyperRunError `git.foreign-merge-driver`: files that several changed are merged by a command of the user */
  async merge(parts: readonly Part[]): Promise<Merged> {
    await this.refuseForeignDrivers(parts);
    let tree = this.base;
    for (const [index, part] of parts.entries()) {
      const merged = await this.trees.merge(this.base, tree, part.tree);
      if (merged.conflicts.length > 0)
        return { ok: false, conflicts: await this.conflicts(parts, merged, parts.slice(0, index + 1)) };
      ({ tree } = merged);
    }
    return { ok: true, tree, shared: await this.shared(parts) };
  }

  private async refuseForeignDrivers(parts: readonly Part[]): Promise<void> {
    const shared = await this.shared(parts);
    const [first] = shared.length === 0 ? [] : await this.trees.foreignDrivers(shared.map(({ path }) => path));
    if (first === undefined) return;
    const [path, driver] = first;
    throw new HyperRunError(
      'git.foreign-merge-driver',
      `Several tasks changed ${path}, and .gitattributes has it merged by ${JSON.stringify(driver)}, a command that is not run here. Merge the branches yourself: hyper-run merge <task>.`,
      { path, driver },
      'operator',
    );
  }

  /** Pair by pair, so that every task is named that is in one; where no two alone conflict, all that touch the path. */
  private async conflicts(parts: readonly Part[], found: TreeMerge, merged: readonly Part[]): Promise<Shared[]> {
    const byPath = new Map<string, Set<TaskId>>();
    const note = (path: string, ids: readonly TaskId[]) =>
      byPath.set(path, new Set([...(byPath.get(path) ?? []), ...ids]));
    for (const [index, one] of parts.entries())
      for (const other of parts.slice(index + 1)) {
        const { conflicts } = await this.trees.merge(this.base, one.tree, other.tree);
        for (const path of conflicts) note(path, [one.taskId, other.taskId]);
      }
    if (byPath.size === 0) for (const path of found.conflicts) note(path, await this.touching(path, merged));
    return inOrder(byPath, parts);
  }

  private async touching(path: string, parts: readonly Part[]): Promise<readonly TaskId[]> {
    const near = (changed: string) =>
      changed === path || changed.startsWith(`${path}/`) || path.startsWith(`${changed}/`);
    const changed = await Promise.all(parts.map((part) => this.changed(part)));
    const touching = parts.filter((_, index) => changed[index]?.some(near));
    return (touching.length > 1 ? touching : parts).map(({ taskId }) => taskId);
  }

  private async shared(parts: readonly Part[]): Promise<Shared[]> {
    const byPath = new Map<string, Set<TaskId>>();
    for (const part of parts)
      for (const path of await this.changed(part)) {
        const known = byPath.get(path);
        if (known === undefined) byPath.set(path, new Set([part.taskId]));
        else known.add(part.taskId);
      }
    return inOrder(byPath, parts).filter(({ taskIds }) => taskIds.length > 1);
  }

  private changed({ tree }: Part): Promise<readonly string[]> {
    const known = this.changes.get(tree);
    if (known !== undefined) return known;
    const objects = this.repository.withPrivateObjects(this.directory);
    const paths = objects.differingPaths(this.base, tree).finally(() => objects.close());
    this.changes.set(tree, paths);
    return paths;
  }
}

const inOrder = (byPath: ReadonlyMap<string, ReadonlySet<TaskId>>, parts: readonly Part[]): Shared[] =>
  [...byPath]
    .map(([path, ids]) => ({ path, taskIds: parts.map(({ taskId }) => taskId).filter((id) => ids.has(id)) }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
