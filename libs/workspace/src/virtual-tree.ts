import { HyperRunError, type Oid } from '#contracts';
import {
  bytesOf,
  isDirectory,
  isRegularFile,
  MODE,
  textOf,
  type GitRepository,
  type ObjectDatabase,
  type TreeEntry,
} from '#git';
import { isLfsPointer } from './lfs.js';
import { fold, validatePath } from './path-syntax.js';
import { scopeViolation, type Scope } from './scope.js';

export interface TreeLimits {
  /** Default 1 MiB. */
  readonly fileBytes: number;
  /** Default 1,000 changed files. */
  readonly files: number;
  /** All written bytes together; default 32 MiB. */
  readonly totalBytes: number;
}

export const DEFAULT_LIMITS: TreeLimits = { fileBytes: 1024 * 1024, files: 1000, totalBytes: 32 * 1024 * 1024 };

export interface TreeStat {
  readonly kind: 'file' | 'executable' | 'directory' | 'symlink' | 'submodule';
  /** Of what lies in the base; undefined for what was written here. */
  readonly oid?: Oid;
  readonly changed: boolean;
}

/** `content` is undefined for a deletion. */
export interface TreeChange {
  readonly path: string;
  readonly content: Buffer | undefined;
  /** Of a file that the base does not have; others stay as they are. */
  readonly executable: boolean;
}

/**
 * A commit as a tree that can be changed, in memory alone: no file system, so no symbolic link to follow, no race, nothing
 * to clean up. Every change passes the scope at one place. Deleting and writing back is no change.
 */
export class VirtualTree {
  private overlay = new Map<string, Buffer | null>();
  private executables = new Set<string>();

  private constructor(
    private readonly objects: ObjectDatabase,
    readonly baseCommit: Oid,
    readonly baseTree: Oid,
    readonly scope: Scope,
    private readonly limits: TreeLimits,
  ) {}

  static async at(options: {
    readonly repository: GitRepository;
    readonly commit: Oid;
    readonly scope: Scope;
    readonly limits?: Partial<TreeLimits>;
  }): Promise<VirtualTree> {
    const { objects } = options.repository;
    const tree = await objects.treeOf(options.commit);
    return new VirtualTree(objects, options.commit, tree, options.scope, { ...DEFAULT_LIMITS, ...options.limits });
  }

  /**
   * The content of a regular file, or undefined if there is none (also for a folder, symbolic link or submodule).
   * @throws HyperRunError git.object-too-large
   */
  async read(path: string): Promise<Buffer | undefined> {
    const written = this.overlay.get(path);
    if (written !== undefined) return written === null ? undefined : Buffer.from(written);
    const entry = await this.baseEntry(path);
    return entry && isRegularFile(entry) ? this.objects.readBlob(entry.oid) : undefined;
  }

  async stat(path: string): Promise<TreeStat | undefined> {
    const written = this.overlay.get(path);
    if (written === null) return undefined;
    const entry = await this.baseEntry(path);
    const executable = entry?.mode === MODE.executable || this.executables.has(path);
    if (written) return { kind: executable ? 'executable' : 'file', changed: true };
    if ([...this.overlay].some(([other, content]) => content && other.startsWith(`${path}/`)))
      return { kind: 'directory', changed: true };
    return entry && { kind: kindOf(entry), oid: entry.oid, changed: false };
  }

  /** Paths of all files, sorted, below a folder if one is given. Symbolic links and submodules are among them. */
  async list(prefix = ''): Promise<string[]> {
    const below = prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
    const base = (await this.objects.listFiles(this.baseCommit)).map((file) => file.path);
    const paths = new Set(base.filter((path) => path.startsWith(below)));
    for (const [path, content] of this.overlay) {
      if (content === null) paths.delete(path);
      else if (path.startsWith(below)) paths.add(path);
    }
    return [...paths].toSorted();
  }

  /**
   * Creates or replaces a regular file; the executable bit of one that is there stays as it is.
   * @throws HyperRunError scope.violated {path, rule}, tree.too-large
   */
  async write(path: string, content: Buffer | string, options: { readonly executable?: boolean } = {}): Promise<void> {
    const bytes = Buffer.from(content);
    const base = await this.admit(path, 'write');
    if (isLfsPointer(bytes) || (base && isLfsPointer(await this.objects.readBlob(base.oid))))
      throw refuse(path, 'tree.lfs-pointer', 'its content lives in Git LFS');
    this.refuseTooLarge(path, bytes);
    this.refuseOverlayConflict(path);
    this.overlay.set(path, bytes);
    if (!base && options.executable) this.executables.add(path);
  }

  /** @throws HyperRunError scope.violated {path, rule}, tree.not-found */
  async delete(path: string): Promise<void> {
    const base = await this.admit(path, 'delete');
    const written = this.overlay.get(path);
    if (written === null || (!base && written === undefined)) {
      throw new HyperRunError('tree.not-found', `There is no file ${JSON.stringify(path)} to delete.`, { path });
    }
    if (!base) this.overlay.delete(path);
    else if (isLfsPointer(await this.objects.readBlob(base.oid)))
      throw refuse(path, 'tree.lfs-pointer', 'its content lives in Git LFS');
    else if (this.overlay.size >= this.limits.files && !this.overlay.has(path)) throw tooMany(this.limits.files);
    else this.overlay.set(path, null);
  }

  /** Remembers how it is now: what this returns puts that back, past all limits. Nothing may be on its way then. */
  mark(): () => void {
    const [overlay, executables] = [new Map(this.overlay), new Set(this.executables)];
    return () => {
      this.overlay = new Map(overlay);
      this.executables = new Set(executables);
    };
  }

  /** What was written or deleted, by path; it may turn out to equal the base. */
  changes(): TreeChange[] {
    return [...this.overlay]
      .map(([path, content]) => ({
        path,
        content: content === null ? undefined : Buffer.from(content),
        executable: content !== null && this.executables.has(path),
      }))
      .toSorted((a, b) => (a.path < b.path ? -1 : 1));
  }

  /** The one place that every change passes. Gives what the base has at the path. */
  private async admit(path: string, action: 'write' | 'delete'): Promise<TreeEntry | undefined> {
    const decision = this.scope.check(path);
    if (!decision.allowed) throw scopeViolation(path, decision.rule, `May not ${action}: ${decision.reason}`);
    const segments = bytesOf(path).split('/');
    let folder: Oid | undefined = this.baseTree;
    let entry: TreeEntry | undefined;
    for (const [depth, name] of segments.entries()) {
      const siblings: readonly TreeEntry[] = folder === undefined ? [] : await this.objects.readTree(folder);
      entry = siblings.find((sibling) => sibling.name === name);
      const twin = entry ?? siblings.find((sibling) => fold(textOf(sibling.name)) === fold(textOf(name)));
      if (twin && !entry)
        throw refuse(
          path,
          'tree.twin',
          `it differs from existing ${JSON.stringify(textOf(twin.name))} only in case or form`,
        );
      if (depth === segments.length - 1) break;
      if (entry && !isDirectory(entry)) throw notAFolder(path, entry);
      folder = entry?.oid;
    }
    if (entry && isDirectory(entry)) throw refuse(path, 'tree.is-directory', 'it is a folder');
    if (entry && !isRegularFile(entry)) throw notAFolder(path, entry);
    return entry;
  }

  private refuseTooLarge(path: string, bytes: Buffer): void {
    const others = [...this.overlay].filter(([other]) => other !== path);
    const total = others.reduce((sum, [, content]) => sum + (content?.length ?? 0), bytes.length);
    if (others.length >= this.limits.files) throw tooMany(this.limits.files);
    if (bytes.length > this.limits.fileBytes) throw tooLarge(path, bytes.length, this.limits.fileBytes);
    if (total > this.limits.totalBytes) throw tooLarge('all changes together', total, this.limits.totalBytes);
  }

  /** `a` and `a/b`, or `a` and `A`, both written here. */
  private refuseOverlayConflict(path: string): void {
    const prefixes = prefixesOf(path);
    const folded = new Map(prefixes.map((prefix) => [fold(prefix), prefix]));
    for (const [other, content] of this.overlay) {
      if (content === null) continue;
      if (other !== path && (prefixes.includes(other) || other.startsWith(`${path}/`)))
        throw refuse(path, 'tree.is-directory', `${JSON.stringify(other)} was written before`);
      const twin = prefixesOf(other).find((prefix) => (folded.get(fold(prefix)) ?? prefix) !== prefix);
      if (twin !== undefined) throw refuse(path, 'tree.twin', `it differs from ${JSON.stringify(twin)} only in case`);
    }
  }

  private async baseEntry(path: string): Promise<TreeEntry | undefined> {
    return validatePath(path) ? undefined : this.objects.entryAt(this.baseTree, path);
  }
}

const prefixesOf = (path: string): string[] => {
  const segments = path.split('/');
  return segments.map((_, i) => segments.slice(0, i + 1).join('/'));
};

const kindOf = (entry: TreeEntry): TreeStat['kind'] => {
  if (isDirectory(entry)) return 'directory';
  if (entry.mode === MODE.symlink) return 'symlink';
  if (entry.mode === MODE.submodule) return 'submodule';
  return entry.mode === MODE.executable ? 'executable' : 'file';
};

const refuse = (path: string, rule: string, why: string) =>
  scopeViolation(path, rule, `${JSON.stringify(path)} cannot be changed: ${why}.`);

const notAFolder = (path: string, entry: TreeEntry) => {
  const kind = kindOf(entry);
  if (kind === 'symlink')
    return refuse(path, 'tree.symlink', `${JSON.stringify(textOf(entry.name))} is a symbolic link`);
  if (kind === 'submodule')
    return refuse(path, 'tree.submodule', `${JSON.stringify(textOf(entry.name))} is a submodule`);
  return refuse(path, 'tree.is-file', `${JSON.stringify(textOf(entry.name))} is a file, not a folder`);
};

const tooLarge = (what: string, found: number, limit: number) =>
  new HyperRunError('tree.too-large', `${what}: ${found} bytes; at most ${limit} may be written.`, { found, limit });

const tooMany = (limit: number) =>
  new HyperRunError('tree.too-large', `A task may change at most ${limit} files.`, { limit });
