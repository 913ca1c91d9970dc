import { createHash } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { lstat, open, readdir, readlink } from 'node:fs/promises';
import { isHyperRunError } from '#contracts';
import { isRegularFile, MODE, ofListing, textOf, type FileEntry } from '#git';
import type { Violation } from './gate.js';
import { DEFAULT_LIMITS, type VirtualTree } from './virtual-tree.js';

/** `path`: a latin1 string that holds the bytes of its name. */
export interface Untracked {
  readonly path: string;
  readonly isFolder: boolean;
}

export interface ChangedTree {
  /** Folder that holds what was changed: the upper layer of an overlay, or the whole tree. */
  readonly changed: string;
  /** Folder of the tree as it looks now. */
  readonly now: string;
  /** Folder of the checkout that lies below, which nobody changed. */
  readonly below: string;
  /** Files of the base, as git lists them. */
  readonly files: readonly FileEntry[];
  /** Files of the base that were not there for whoever worked on it: not being there is no deletion. */
  readonly hidden: ReadonlySet<string>;
  /** Files and folders that we put there ourselves, where `changed` is the whole tree. */
  readonly given?: ReadonlySet<string>;
  /** Which of these, that the base does not have, its `.gitignore` names: they are no changes, whatever they are. */
  readonly ignored?: (entries: readonly Untracked[]) => Promise<ReadonlySet<string>>;
  /** Where the changes go, past its scope. Not to be used any more when there are violations. */
  readonly tree: VirtualTree;
}

const MOST_ENTRIES = 200_000;
const DEEPEST = 64;
const MOST_VIOLATIONS = 100;
const BARE_REPOSITORY = ['HEAD', 'objects', 'refs'];
const SPECIAL_MODE = 0o7000;
const OWNER_EXECUTES = 0o100;
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Brings what a program left in a folder into a tree in memory. To be called when all its processes have ended: the folder is
 * hostile, but it lies still. Regular files alone are taken, under one name each, with an ordinary mode that did not change;
 * links are never followed, and nothing is opened that could make us wait. What equals the base is no change, nor is a new file
 * that the base's `.gitignore` names: builds and caches are not the work. One violation condemns the whole: nothing is dropped in silence.
 */
export const collect = async (changed: ChangedTree): Promise<readonly Violation[]> => {
  const collector = new Collector(changed);
  await collector.walk('');
  await collector.apply();
  return collector.violations.slice(0, MOST_VIOLATIONS);
};

interface Change {
  readonly path: string;
  readonly content?: Buffer;
  readonly executable?: boolean;
}

/** By the bytes of their names: the files of a base, and both files and folders. */
export const baseOf = ofListing((listing) => {
  const files = new Map(
    listing.map((file) => [(file.bytes ?? Buffer.from(file.path)).toString('latin1'), file] as const),
  );
  const known = new Set(files.keys());
  for (const path of files.keys())
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      if (known.has(path.slice(0, end))) break;
      known.add(path.slice(0, end));
    }
  return { files, known };
});

/** Paths are latin1 strings that hold the bytes of a name, as in a git tree. */
class Collector {
  readonly violations: Violation[] = [];
  readonly #files: ReadonlyMap<string, FileEntry>;
  /** Files and folders of the base. */
  readonly #known: ReadonlySet<string>;
  readonly #changes: Change[] = [];
  #entries = 0;
  #bytes = 0;

  constructor(private readonly place: ChangedTree) {
    ({ files: this.#files, known: this.#known } = baseOf(place.files));
  }

  async walk(folder: string): Promise<void> {
    const { changed, now, below } = this.place;
    const [touched, present, before] = await Promise.all([changed, now, below].map((root) => namesIn(root, folder)));
    const there = new Set(present);
    for (const name of before ?? []) if (!there.has(name)) await this.#gone(folder + name);
    if (BARE_REPOSITORY.every((name) => there.has(name)) && !BARE_REPOSITORY.every((name) => before?.includes(name)))
      this.#violated(folder.slice(0, -1), 'collect.nested-repository');
    const found = (touched ?? []).map((name) => folder + name);
    const ignored = await this.#ignored(found);
    for (const path of found) if (!ignored.has(path)) await this.#look(path);
  }

  async apply(): Promise<void> {
    const { tree } = this.place;
    for (const { path, content, executable = false } of this.#changes)
      try {
        if (content === undefined) await tree.delete(path);
        else await tree.write(path, content, { executable });
      } catch (error) {
        if (isHyperRunError(error, 'scope.violated'))
          this.violations.push({ path, rule: String(error.details['rule']) });
        else if (isHyperRunError(error, 'tree.too-large')) this.violations.push({ path, rule: error.code });
        else throw error;
      }
  }

  async #ignored(paths: readonly string[]): Promise<ReadonlySet<string>> {
    const { ignored, changed, given } = this.place;
    const untracked = paths.filter((path) => !this.#known.has(path) && !given?.has(textOf(path)));
    if (ignored === undefined || untracked.length === 0) return new Set();
    const entries = untracked.map(async (path) => {
      const stat = await lstat(at(changed, path));
      return isWhiteout(stat) ? [] : [{ path, isFolder: stat.isDirectory() }];
    });
    return ignored((await Promise.all(entries)).flat());
  }

  /** A file or folder of the base that is not there any more. */
  async #gone(path: string): Promise<void> {
    if (this.place.hidden.has(textOf(path))) return;
    if (this.#files.has(path)) this.#changes.push({ path: textOf(path) });
    else for (const name of await namesIn(this.place.below, `${path}/`)) await this.#gone(`${path}/${name}`);
  }

  async #look(path: string): Promise<void> {
    if (this.place.given?.has(textOf(path)) || this.violations.length >= MOST_VIOLATIONS) return;
    if ((this.#entries += 1) === MOST_ENTRIES) this.#violated(path, 'collect.too-many-entries');
    if (this.#entries >= MOST_ENTRIES) return;
    const stat = await lstat(at(this.place.changed, path));
    if (stat.isFile()) await this.#file(path, stat);
    else if (stat.isSymbolicLink()) await this.#link(path);
    else if (!stat.isDirectory()) {
      if (!isWhiteout(stat)) this.#violated(path, 'collect.special-file');
    } else if (path.split('/').length >= DEEPEST) this.#violated(path, 'path.too-deep');
    else await this.walk(`${path}/`);
  }

  async #file(path: string, stat: Stats): Promise<void> {
    const base = this.#files.get(path);
    const executable = (stat.mode & OWNER_EXECUTES) !== 0;
    if (stat.nlink !== 1) return this.#violated(path, 'collect.hard-link');
    if ((stat.mode & SPECIAL_MODE) !== 0) return this.#violated(path, 'collect.special-mode');
    if (base && isRegularFile(base) && executable !== (base.mode === MODE.executable))
      return this.#violated(path, 'collect.mode-changed');
    const same = stat.size === base?.size;
    if (stat.size > DEFAULT_LIMITS.fileBytes && !same) return this.#violated(path, 'tree.too-large');
    const content = await contentOf(at(this.place.changed, path), stat.size);
    if (content === undefined) return this.#violated(path, 'collect.unreadable');
    if (same && base && isRegularFile(base) && blobOid(content) === base.oid) return;
    if ((this.#bytes += content.length) > DEFAULT_LIMITS.totalBytes) return this.#violated(path, 'tree.too-large');
    this.#changes.push({ path: textOf(path), content, executable });
  }

  /** One of the base that only got another time is none of whoever worked. */
  async #link(path: string): Promise<void> {
    const base = this.#files.get(path);
    const target = await readlink(at(this.place.changed, path), { encoding: 'buffer' });
    if (base?.mode !== MODE.symlink || blobOid(target) !== base.oid) this.#violated(path, 'collect.symlink');
  }

  #violated(path: string, rule: string): void {
    this.violations.push({ path: textOf(path), rule });
  }
}

/** How an overlay says that a file of the layer below is gone. */
const isWhiteout = (stat: Stats): boolean => stat.isCharacterDevice() && stat.rdev === 0;

const at = (root: string, path: string): Buffer =>
  Buffer.concat([Buffer.from(`${root}/`), Buffer.from(path, 'latin1')]);

/** Of a folder; none where there is something else, or nothing. */
const namesIn = async (root: string, folder: string): Promise<string[]> => {
  try {
    const names = await readdir(at(root, folder), { encoding: 'buffer' });
    return names.map((name) => name.toString('latin1')).toSorted();
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
};

const isAbsent = (error: unknown): boolean =>
  typeof error === 'object' &&
  error !== null &&
  'code' in error &&
  (error.code === 'ENOENT' || error.code === 'ENOTDIR');

/** Undefined if it cannot be read, is no regular file after all, or is not as long as it was. */
const contentOf = async (path: Buffer, size: number): Promise<Buffer | undefined> => {
  const file = await open(path, READ).catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    if (!(await file.stat()).isFile()) return undefined;
    const content = Buffer.alloc(size);
    const { bytesRead } = size === 0 ? { bytesRead: 0 } : await file.read(content, 0, size, 0);
    return bytesRead === size ? content : undefined;
  } finally {
    await file.close();
  }
};

const blobOid = (content: Buffer): string =>
  createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
