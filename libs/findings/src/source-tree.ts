import { createHash } from 'node:crypto';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';

/** One entry of a tree: `mode` as git writes it (`100644`, `120000` for a symbolic link, `160000` for a submodule). */
export interface TreeFile {
  readonly path: string;
  readonly mode: string;
  readonly oid: string;
  /** Bytes. */
  readonly size: number;
}

/**
 * A tree of files at one moment: a commit, or the virtual tree of a task. Paths are relative, with `/`.
 * The content of an `oid` never changes: facts about it are cached under this name.
 */
export interface SourceTree {
  files(): readonly TreeFile[];
  read(path: string): Promise<Buffer | undefined>;
  /** All at once, where that is faster than one by one. Missing paths are missing in the answer. */
  readMany?(paths: readonly string[]): Promise<Map<string, Buffer>>;
}

export const REGULAR = '100644';
const SYMLINK = '120000';

const blobOid = (content: Buffer): string =>
  createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');

const entry = (path: string, content: Buffer, mode = REGULAR): TreeFile => ({
  path,
  mode,
  oid: blobOid(content),
  size: content.length,
});

/** A tree that is held in memory. */
export const memoryTree = (files: Readonly<Record<string, string | Buffer>>): SourceTree => {
  const contents = new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)] as const));
  const entries = [...contents].map(([path, content]) => entry(path, content));
  return { files: () => entries, read: async (path) => contents.get(path) };
};

/** The regular files and symbolic links below a folder, `.git` left out. Read once: later changes are not seen. */
export const folderTree = async (root: string): Promise<SourceTree> => {
  const entries: TreeFile[] = [];
  const walk = async (folder: string): Promise<void> => {
    for (const name of (await readdir(join(root, folder))).toSorted()) {
      const path = folder === '' ? name : `${folder}/${name}`;
      const stat = await lstat(join(root, path));
      if (stat.isDirectory()) await (name === '.git' ? undefined : walk(path));
      else if (stat.isSymbolicLink()) entries.push(entry(path, Buffer.from(await readlink(join(root, path))), SYMLINK));
      else if (stat.isFile()) entries.push(entry(path, await readFile(join(root, path))));
    }
  };
  await walk('');
  const regular = new Set(entries.filter(({ mode }) => mode === REGULAR).map(({ path }) => path));
  return {
    files: () => entries,
    read: async (path) => (regular.has(path) ? readFile(join(root, path)) : undefined),
  };
};

/** The contents of some files of a tree, in the fastest way that it offers. */
export const readAll = async (tree: SourceTree, paths: readonly string[]): Promise<Map<string, Buffer>> => {
  if (tree.readMany) return tree.readMany(paths);
  const contents = new Map<string, Buffer>();
  for (const path of paths) {
    const content = await tree.read(path);
    if (content) contents.set(path, content);
  }
  return contents;
};
