import { createHash } from 'node:crypto';
import { constants, type BigIntStats } from 'node:fs';
import { lstat, open, readdir, type FileHandle } from 'node:fs/promises';
import { textOf } from '#git';
import { baseOf, type ChangedTree } from './collect.js';
import { validatePath } from './path-syntax.js';
import { DEFAULT_LIMITS } from './virtual-tree.js';

/** A file as it was found to be; without content it is gone. */
export interface LiveChange {
  readonly path: string;
  readonly content?: Buffer;
}

export interface LiveTree extends Omit<ChangedTree, 'tree'> {
  /** Files that are never opened. */
  readonly unreadable: (path: string) => boolean;
}

/** Of one look, in the order of names. What lies behind them is told in the end. */
const MOST_ENTRIES = 20_000;
/** Of one look. What is beyond them is found by one of the next. */
const MOST_CHANGES = 50;
const MOST_BYTES = 8 << 20;
const DEEPEST = 64;

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK } = constants;
const FOLDER = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
const FILE = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;

/**
 * What programs change in a tree, looked at while they are at work in it. Nothing is judged here: that is the collector's, when all
 * lies still. Every folder is opened below the one before, by its name and no link, so that however they move things about meanwhile,
 * nothing outside of the tree is read, and nothing that could make us wait. A file may be seen half written; the next look sees the rest.
 */
export class LiveChanges {
  /** What was told of each file: a hash of its content, or that it is gone. */
  readonly #told = new Map<string, string>();
  /** How a file looked when its content was last read: what looks the same is not read again. */
  readonly #read = new Map<string, string>();
  /** Whether the base ignores a name that it does not have: the same in every look, and a program of git to ask. */
  readonly #ignored = new Map<string, boolean>();
  readonly #base: ReturnType<typeof baseOf>;
  /** No program of the tree was at work before. Nobody can set the time of the last change of a file. */
  readonly #since = Date.now() - COARSE_CLOCK_MS;

  constructor(private readonly tree: LiveTree) {
    this.#base = baseOf(tree.files);
  }

  /** Told by others: a tool wrote it. */
  note(path: string, content: Buffer | undefined): void {
    this.#told.set(path, content === undefined ? GONE : blobOid(content));
  }

  /** What is another than was told before. One look at a time, and nothing noted meanwhile. */
  async look(): Promise<readonly LiveChange[]> {
    const look = new Look({
      tree: this.tree,
      base: this.#base,
      told: this.#told,
      read: this.#read,
      ignored: this.#ignored,
      since: this.#since,
    });
    await look.begin();
    return look.found;
  }

  /** Of what was collected in the end: what no look has seen. */
  rest(collected: readonly LiveChange[]): readonly LiveChange[] {
    return collected.filter(({ path, content }) => {
      if (this.tree.unreadable(path)) return false;
      const is = content === undefined ? GONE : blobOid(content);
      if (this.#told.get(path) === is) return false;
      this.#told.set(path, is);
      return true;
    });
  }
}

const GONE = 'gone';
/** Files are stamped by a clock that is read some times in a second only. */
const COARSE_CLOCK_MS = 20;

/** Names made up without an end are asked about again. */
const MOST_ANSWERS = 2 * MOST_ENTRIES;

interface Known {
  readonly tree: LiveTree;
  readonly base: ReturnType<typeof baseOf>;
  readonly told: Map<string, string>;
  readonly read: Map<string, string>;
  readonly ignored: Map<string, boolean>;
  readonly since: number;
}

/** Paths are latin1 strings that hold the bytes of a name, as in a git tree. */
class Look {
  readonly found: LiveChange[] = [];
  /** What is there, be it a change or not. */
  readonly #there = new Set<string>();
  #entries = 0;
  #bytes = 0;
  /** Something was not looked at: what was not seen may be there. */
  #partial = false;

  constructor(private readonly known: Known) {}

  async begin(): Promise<void> {
    const [changed, now] = [await openRoot(this.known.tree.changed), await openRoot(this.known.tree.now)];
    try {
      if (changed !== undefined && now !== undefined) await this.#walk('', changed, now);
      else this.#partial = true;
    } finally {
      await changed?.close();
      await now?.close();
    }
    if (this.#partial) return;
    for (const [path, is] of this.known.told) if (is !== GONE && !this.#isThere(path)) this.#tell(path, GONE);
  }

  async #walk(folder: string, changed: FileHandle, now: FileHandle): Promise<void> {
    const below = await namesIn(Buffer.from(`${this.known.tree.below}/${folder}`, 'latin1'));
    const present = new Set(await namesIn(within(now)));
    for (const name of below) if (!present.has(name)) await this.#gone(folder + name);
    const names = await namesIn(within(changed));
    const ignored = await this.#ignored(folder, names.slice(0, MOST_ENTRIES - this.#entries), changed);
    for (const name of names) {
      if (this.#isOver()) return;
      const path = folder + name;
      if (ignored.has(path)) this.#there.add(`${textOf(path)}/`).add(textOf(path));
      else await this.#look(path, name, changed, now);
    }
  }

  /** Whether it, or a folder above it whose content is no work, is there. */
  #isThere(path: string): boolean {
    if (this.#there.has(path)) return true;
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1))
      if (this.#there.has(path.slice(0, end + 1))) return true;
    return false;
  }

  #isOver(): boolean {
    this.#entries += 1;
    const over = this.#entries > MOST_ENTRIES || this.found.length >= MOST_CHANGES || this.#bytes >= MOST_BYTES;
    this.#partial ||= over;
    return over;
  }

  async #ignored(folder: string, names: readonly string[], changed: FileHandle): Promise<ReadonlySet<string>> {
    const { tree, base, ignored } = this.known;
    const untracked = names.filter((name) => !base.known.has(folder + name) && !tree.given?.has(textOf(folder + name)));
    if (tree.ignored === undefined || untracked.length === 0) return new Set();
    const entries: { path: string; isFolder: boolean }[] = [];
    for (const name of untracked) {
      const stat = await lstat(within(changed, name)).catch(() => undefined); // it is gone again
      if (stat?.isFile() || stat?.isDirectory()) entries.push({ path: folder + name, isFolder: stat.isDirectory() });
    }
    if (ignored.size + entries.length > MOST_ANSWERS) ignored.clear();
    const asked = entries.filter((entry) => !ignored.has(keyOf(entry)));
    const said = asked.length === 0 ? new Set<string>() : await tree.ignored(asked);
    for (const entry of asked) ignored.set(keyOf(entry), said.has(entry.path));
    return new Set(entries.filter((entry) => ignored.get(keyOf(entry)) === true).map(({ path }) => path));
  }

  /** A file or folder of the base that is not there any more. */
  async #gone(path: string): Promise<void> {
    const name = textOf(path);
    if (this.known.tree.hidden.has(name) || this.#isOver()) return;
    if (this.known.base.files.has(path)) return this.#tell(name, GONE);
    for (const child of await namesIn(Buffer.from(`${this.known.tree.below}/${path}`, 'latin1')))
      await this.#gone(`${path}/${child}`);
  }

  async #look(path: string, name: string, changed: FileHandle, now: FileHandle): Promise<void> {
    if (this.known.tree.given?.has(textOf(path))) return;
    const stat = await lstat(within(changed, name), { bigint: true }).catch(() => undefined); // it is gone again
    if (stat?.isFile()) return this.#file(path, name, stat, changed);
    if (!stat?.isDirectory()) return;
    if (path.split('/').length >= DEEPEST) return void (this.#partial = true);
    const [inChanged, inNow] = [await openFolder(changed, name), await openFolder(now, name)];
    try {
      if (inChanged !== undefined && inNow !== undefined) await this.#walk(`${path}/`, inChanged, inNow);
      else this.#partial = true;
    } finally {
      await inChanged?.close();
      await inNow?.close();
    }
  }

  async #file(path: string, name: string, stat: BigIntStats, changed: FileHandle): Promise<void> {
    const shown = textOf(path);
    this.#there.add(shown);
    if (validatePath(shown) !== undefined || this.known.tree.unreadable(shown)) return;
    if (stat.nlink !== 1n || stat.size > DEFAULT_LIMITS.fileBytes) return;
    if (stat.ctimeMs < this.known.since) return;
    const looks = [stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].join(' ');
    if (this.known.read.get(shown) === looks) return;
    const content = await contentOf(within(changed, name), DEFAULT_LIMITS.fileBytes);
    if (content === undefined) return;
    this.known.read.set(shown, looks);
    this.#bytes += content.length;
    const is = blobOid(content);
    if (this.known.told.has(shown) || this.known.base.files.get(path)?.oid !== is) this.#tell(shown, is, content);
  }

  #tell(path: string, is: string, content?: Buffer): void {
    if (this.known.told.get(path) === is || this.known.tree.unreadable(path)) return;
    this.known.told.set(path, is);
    this.found.push(content === undefined ? { path } : { path, content });
  }
}

/** The patterns of git tell files from folders. */
const keyOf = ({ path, isFolder }: { readonly path: string; readonly isFolder: boolean }): string =>
  isFolder ? `${path}/` : path;

const openRoot = (path: string): Promise<FileHandle | undefined> => open(path, FOLDER).catch(() => undefined);

/** Undefined: it is not there any more, or is no folder any more. */
const openFolder = (parent: FileHandle, name: string): Promise<FileHandle | undefined> =>
  open(within(parent, name), FOLDER).catch(() => undefined);

/** What an open folder holds, wherever it has been moved meanwhile. */
const within = ({ fd }: FileHandle, name = ''): Buffer => Buffer.from(`/proc/self/fd/${fd}/${name}`, 'latin1');

const namesIn = async (folder: Buffer): Promise<string[]> => {
  const names = await readdir(folder, { encoding: 'buffer' }).catch((): Buffer[] => []);
  return names.map((name) => name.toString('latin1')).toSorted();
};

/** Undefined if it cannot be read, is no regular file of one name, or is larger than that by now. */
const contentOf = async (path: Buffer, most: number): Promise<Buffer | undefined> => {
  const file = await open(path, FILE).catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    const stat = await file.stat();
    if (!stat.isFile() || stat.nlink !== 1 || stat.size > most) return undefined;
    const content = Buffer.alloc(stat.size);
    let length = 0;
    while (length < content.length) {
      const { bytesRead } = await file.read(content, length, content.length - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return content.subarray(0, length);
  } finally {
    await file.close();
  }
};

const blobOid = (content: Buffer): string =>
  createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
