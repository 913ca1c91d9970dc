import { join } from 'node:path';
import { HyperRunError, type FileChange, type Oid } from '#contracts';
import { parsePatch, parseRaw, type RawChange } from './diff.js';
import { Listings } from './listings.js';
import { ObjectReader, type GitObject } from './object-reader.js';
import { runGit, type GitCall, type GitResult, type GitRun } from './run-git.js';
import { bytesOf, isDirectory, oidFrom, parseTree, textOf, type TreeEntry } from './tree.js';

export interface FileEntry {
  /** U+FFFD stands for bytes that are not UTF-8; `bytes` then holds the real name. */
  readonly path: string;
  readonly bytes?: Buffer;
  readonly mode: string;
  readonly oid: Oid;
  /** Bytes; 0 for a submodule. */
  readonly size: number;
}

const MAX_CACHED_ENTRIES = 200_000;
const WINDOW = 256;
const listings = new Listings(200_000);

/**
 * The objects of a repository, read by native git; with `privateDirectory` also those that lie there, unseen by the
 * repository itself. Trees are kept in memory (at most 200,000 entries) until `dropCaches`.
 */
export class ObjectDatabase {
  private readonly call: GitCall;
  private readonly reader: ObjectReader;
  private readonly trees = new Map<Oid, Promise<readonly TreeEntry[]>>();
  private cachedEntries = 0;
  private listing: { readonly commit: Oid; readonly files: Promise<readonly FileEntry[]> } | undefined;

  constructor(
    readonly gitDir: string,
    readonly commonDir: string,
    readonly privateDirectory?: string,
  ) {
    const objects = privateDirectory && {
      directory: join(privateDirectory, 'objects'),
      alternates: [join(commonDir, 'objects')],
    };
    this.call = objects ? { gitDir, objects } : { gitDir };
    this.reader = new ObjectReader(this.call);
  }

  /** Runs git on these objects: see `runGit`. */
  run(args: readonly string[], options: Omit<GitRun, 'gitDir' | 'objects'> = {}): Promise<GitResult> {
    return runGit(args, { ...this.call, ...options });
  }

  /** @throws HyperRunError git.unknown-object, git.object-too-large, git.corrupt-object */
  async readObject(oid: Oid): Promise<GitObject> {
    const object = await this.reader.read(oid);
    if (!object) throw unknownObject(oid);
    return object;
  }

  async has(oid: Oid): Promise<boolean> {
    return (await this.reader.read(oid)) !== undefined;
  }

  async readBlob(oid: Oid): Promise<Buffer> {
    return (await this.expect(oid, 'blob')).content;
  }

  /** Blobs in the order asked for, at most 256 of them ahead of who consumes them. */
  async *readBlobs(oids: Iterable<Oid>): AsyncGenerator<readonly [Oid, Buffer]> {
    let window: { readonly oid: Oid; readonly content: Promise<Buffer> }[] = [];
    const drain = async function* () {
      for (const { oid, content } of window) yield [oid, await content] as const;
    };
    for (const oid of oids) {
      const content = this.readBlob(oid);
      content.catch(() => undefined);
      window.push({ oid, content });
      if (window.length < WINDOW) continue;
      yield* drain();
      window = [];
    }
    yield* drain();
  }

  readTree(oid: Oid): Promise<readonly TreeEntry[]> {
    const known = this.trees.get(oid);
    if (known) return known;
    const tree = this.expect(oid, 'tree').then(({ content }) => parseTree(content));
    this.trees.set(oid, tree);
    tree.then(
      (entries) => this.count(entries.length),
      () => this.trees.delete(oid),
    );
    return tree;
  }

  /** The tree of a commit (or of a tag, or the tree itself). */
  async treeOf(treeish: Oid): Promise<Oid> {
    const object = await this.readObject(treeish);
    if (object.type === 'tree') return treeish;
    const next = /^(?:tree|object) ([0-9a-f]{40})$/m.exec(object.content.toString('latin1'))?.[1];
    if (object.type === 'blob' || next === undefined) throw wrongType(treeish, 'tree', object.type);
    return object.type === 'commit' ? oidFrom(next) : this.treeOf(oidFrom(next));
  }

  /** The entry at a path of a tree, or undefined. */
  async entryAt(tree: Oid, path: string): Promise<TreeEntry | undefined> {
    const segments = bytesOf(path).split('/');
    let entry: TreeEntry | undefined;
    for (const [depth, name] of segments.entries()) {
      if (depth > 0 && (!entry || !isDirectory(entry))) return undefined;
      entry = (await this.readTree(entry?.oid ?? tree)).find((candidate) => candidate.name === name);
    }
    return entry;
  }

  /**
   * Every file below a commit or tree, in git's order. The last listing stays in memory until `dropCaches`, and the last ones
   * of all repositories (200,000 entries together) for whoever opens one of them next.
   */
  listFiles(treeish: Oid, limits: Pick<GitRun, 'timeoutMs'> = {}): Promise<readonly FileEntry[]> {
    if (this.listing?.commit === treeish) return this.listing.files;
    const files = this.listed(treeish, limits);
    this.listing = { commit: treeish, files };
    files.catch(() => (this.listing = undefined));
    return files;
  }

  /** What differs between two trees, as git sees it: no renames, modes as they are. The second opinion of the gate. */
  async rawDiff(base: Oid, tree: Oid): Promise<RawChange[]> {
    const { stdout } = await this.run([...DIFF, '--raw', '--no-abbrev', '-z', '--end-of-options', base, tree]);
    return parseRaw(stdout).changes;
  }

  async differingPaths(base: Oid, tree: Oid): Promise<string[]> {
    return (await this.rawDiff(base, tree)).map((change) => change.path);
  }

  /** Unified diff that `git apply` takes: binary files included, no renames, no text conversion, no external program. */
  async diff(base: Oid, tree: Oid): Promise<Buffer> {
    return (await this.run([...DIFF, '--patch', '--binary', '--full-index', '--end-of-options', base, tree])).stdout;
  }

  /** The same with counted lines, in one run of git. */
  async changes(base: Oid, tree: Oid): Promise<{ readonly files: FileChange[]; readonly patch: Buffer }> {
    const forms = ['--raw', '--numstat', '--patch', '--binary', '--full-index', '-z'];
    return parsePatch((await this.run([...DIFF, ...forms, '--end-of-options', base, tree])).stdout);
  }

  dropCaches(): void {
    this.trees.clear();
    this.cachedEntries = 0;
    this.listing = undefined;
  }

  close(): void {
    this.dropCaches();
    this.reader.close();
  }

  private async listed(treeish: Oid, limits: Pick<GitRun, 'timeoutMs'>): Promise<readonly FileEntry[]> {
    const key = this.privateDirectory === undefined ? `${this.commonDir}\0${treeish}` : undefined;
    const known = key && listings.get(key);
    if (known) return known;
    const args = ['ls-tree', '-r', '-l', '-z', '--full-tree', '--end-of-options', treeish];
    const files = splitAtNul((await this.run(args, limits)).stdout).map(parseListing);
    if (key !== undefined) listings.keep(key, files);
    return files;
  }

  private async expect(oid: Oid, type: string): Promise<GitObject> {
    const object = await this.readObject(oid);
    if (object.type !== type) throw wrongType(oid, type, object.type);
    return object;
  }

  private count(entries: number): void {
    this.cachedEntries += entries;
    if (this.cachedEntries <= MAX_CACHED_ENTRIES) return;
    this.trees.clear();
    this.cachedEntries = 0;
  }
}

const DIFF = [
  'diff-tree',
  '-r',
  '--no-renames',
  '--no-ext-diff',
  '--no-textconv',
  '--no-color',
  '--ignore-submodules=none',
];

export const splitAtNul = (bytes: Buffer): Buffer[] => {
  const parts: Buffer[] = [];
  for (let at = 0, end = bytes.indexOf(0); end >= 0; at = end + 1, end = bytes.indexOf(0, at)) {
    parts.push(bytes.subarray(at, end));
  }
  return parts;
};

const parseListing = (line: Buffer): FileEntry => {
  const tab = line.indexOf(0x09);
  const [mode = '', , oid = '', size = ''] = line.toString('latin1', 0, tab).split(/ +/);
  const path = line.toString('utf8', tab + 1);
  const entry = { path, mode, oid: oidFrom(oid), size: size === '-' ? 0 : Number(size) };
  return path.includes('\uFFFD') ? { ...entry, bytes: Buffer.from(line.subarray(tab + 1)) } : entry;
};

export const textPath = (bytes: Buffer): string => textOf(bytes.toString('latin1'));

const unknownObject = (oid: Oid) =>
  new HyperRunError('git.unknown-object', `The repository has no object ${oid}.`, { oid });

const wrongType = (oid: Oid, expected: string, found: string) =>
  new HyperRunError('git.wrong-object-type', `Expected ${oid} to be a ${expected}, found a ${found}.`, { oid });
