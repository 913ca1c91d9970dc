import { constants } from 'node:fs';
import { mkdir, open, readdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HyperRunError, type Oid } from '#contracts';
import type { FileEntry, ObjectDatabase } from './object-database.js';
import { isRegularFile, MODE } from './tree.js';

export interface Materialised {
  readonly files: number;
  /** Symbolic links that lead out of the tree, submodules, and names that no checkout may have: not written. */
  readonly skipped: readonly string[];
}

const AT_ONCE = 16;
const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/**
 * Writes the files of a tree into a folder that is empty or absent: exactly the stored bytes, no filter, no line-end
 * conversion, no hook, no index. Executable files stay so. Symbolic links are made last, so that nothing is
 * written through one, and only if they stay inside. `only`: no others are looked at.
 * @throws HyperRunError git.target-not-empty
 */
export const materialise = async (
  objects: ObjectDatabase,
  treeish: Oid,
  directory: string,
  only: (file: FileEntry) => boolean = () => true,
): Promise<Materialised> => {
  await mkdir(directory, { recursive: true });
  if ((await readdir(directory)).length > 0) throw notEmpty(directory);
  const listed = (await objects.listFiles(treeish)).filter(only);
  const entries = listed.map((file) => ({ file, path: file.bytes?.toString('latin1') ?? file.path }));
  const safe = entries.filter(({ path }) => isCheckoutPath(path));
  const regular = safe.filter(({ file }) => isRegularFile(file)).map(({ file }) => file);
  const links = safe.filter(({ file }) => file.mode === MODE.symlink).map(({ file }) => file);
  for (const folder of foldersOf(regular.concat(links))) await mkdir(at(directory, folder), { recursive: true });
  await writeFiles(objects, regular, directory);
  const made = await makeLinks(objects, links, directory);
  const written = new Set([...regular, ...made]);
  const skipped = listed.filter((file) => !written.has(file)).map((file) => file.path);
  return { files: written.size, skipped };
};

/** No part may be empty, `.`, `..` or any spelling of `.git`. */
const isCheckoutPath = (path: string) =>
  path.split('/').every((part) => !/^(|\.{1,2}|\.git[. ]*|git~\d+)$/i.test(part.replaceAll(IGNORABLE, ''))) &&
  !path.includes('\0');

const IGNORABLE = /[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/g;

/** A name as it is on disk: bytes where it is not UTF-8. */
const at = (directory: string, name: string | Buffer): string | Buffer =>
  typeof name === 'string' ? join(directory, name) : Buffer.concat([Buffer.from(`${directory}/`), name]);

const nameOf = (file: FileEntry): string | Buffer => file.bytes ?? file.path;

/** The deepest folders suffice: the ones above come with them. */
const foldersOf = (files: readonly FileEntry[]): (string | Buffer)[] => {
  const folders = new Map<string, string | Buffer>();
  for (const file of files) {
    const name = nameOf(file);
    if (typeof name === 'string') folders.set(dirname(name), dirname(name));
    else folders.set(name.toString('latin1'), name.subarray(0, Math.max(name.lastIndexOf(0x2f), 0)));
  }
  return [...folders.values()].filter((folder) => folder.length > 0 && folder !== '.');
};

const writeFiles = async (objects: ObjectDatabase, files: readonly FileEntry[], directory: string) => {
  const queue = files.values();
  const worker = async () => {
    for (const file of queue) {
      await writeNew(at(directory, nameOf(file)), await objects.readBlob(file.oid), file.mode === MODE.executable);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
};

const writeNew = async (path: string | Buffer, content: Buffer, executable: boolean) => {
  const handle = await open(path, NEW_FILE, executable ? 0o755 : 0o644);
  try {
    if (content.length > 0) await handle.writeFile(content);
  } finally {
    await handle.close();
  }
};

const makeLinks = async (
  objects: ObjectDatabase,
  links: readonly FileEntry[],
  directory: string,
): Promise<FileEntry[]> => {
  const made: FileEntry[] = [];
  for (const link of links) {
    const target = (await objects.readBlob(link.oid)).toString('utf8');
    if (!staysInside(link.path, target)) continue;
    await symlink(target, at(directory, nameOf(link)));
    made.push(link);
  }
  return made;
};

/**
 * `..` only at the start of the target: from there it climbs real folders, and no more of them than there are. After
 * a name it could climb out of wherever another link led.
 */
export const staysInside = (path: string, target: string): boolean => {
  if (target === '' || target.startsWith('/') || /[\0\\\uFFFD]/.test(target)) return false;
  const parts = target.split('/').filter((part) => part !== '' && part !== '.');
  const climbs = parts.findIndex((part) => part !== '..');
  const up = climbs < 0 ? parts.length : climbs;
  return (
    up <= path.split('/').length - 1 && !parts.slice(up).includes('..') && !parts.some((part) => /^\.git$/i.test(part))
  );
};

const notEmpty = (directory: string) =>
  new HyperRunError(
    'git.target-not-empty',
    `Expected an empty folder, found files in ${JSON.stringify(directory)}.`,
    { directory },
    'operator',
  );
