import { constants } from 'node:fs';
import { lstat, mkdir, open, readdir, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HyperRunError, type Oid } from '#contracts';
import { isRegularFile, materialise, MODE, type GitRepository, type Materialised } from '#git';
import { validatePath } from './path-syntax.js';

/**
 * Writes a commit or tree into a folder that is empty or absent, for a sandbox to run in: no git directory, stored bytes
 * as they are. `privateDirectory` holds the objects of a candidate that is not published.
 */
export const verificationCheckout = async (options: {
  readonly repository: GitRepository;
  readonly treeish: Oid;
  readonly directory: string;
  readonly privateDirectory?: string;
}): Promise<Materialised> => {
  const { repository, treeish, directory, privateDirectory } = options;
  if (privateDirectory === undefined) return materialise(repository.objects, treeish, directory);
  const objects = repository.withPrivateObjects(privateDirectory);
  try {
    return await materialise(objects, treeish, directory);
  } finally {
    objects.close();
  }
};

/**
 * Makes a candidate of a checkout of its base: what differs is written or removed, as native git tells it. No other program may
 * be at work in the folder.
 * @throws HyperRunError checkout.unsafe-path: a change that no gate lets through
 */
export const applyCandidate = async (options: {
  readonly repository: GitRepository;
  readonly base: Oid;
  readonly treeish: Oid;
  readonly privateDirectory?: string;
  readonly directory: string;
}): Promise<void> => {
  const { repository, base, treeish, privateDirectory, directory } = options;
  if (privateDirectory === undefined && treeish === base) return;
  const objects = privateDirectory === undefined ? repository.objects : repository.withPrivateObjects(privateDirectory);
  try {
    const changes = await objects.rawDiff(base, treeish);
    for (const { path, newMode } of changes)
      if (validatePath(path) || ![ABSENT, MODE.file, MODE.executable].includes(newMode)) throw unsafe(path);
    for (const { path, oldMode } of changes) {
      await refuseLinkedFolders(directory, dirname(path));
      if (oldMode === ABSENT) continue;
      await rm(join(directory, path), { force: true, recursive: true });
      await removeEmptyFolders(directory, dirname(path));
    }
    for (const { path, newMode, newOid } of changes.filter((change) => change.newMode !== ABSENT)) {
      const target = join(directory, path);
      await mkdir(dirname(target), { recursive: true });
      await writeNew(target, await objects.readBlob(newOid), newMode === MODE.executable ? 0o755 : 0o644);
    }
  } finally {
    if (privateDirectory !== undefined) objects.close();
  }
};

/**
 * Puts the base's version of the given files back over a checkout: what judges a candidate is not written by it. A file
 * that the base does not have is removed. Never goes through a symbolic link. No other program may be at work in the folder.
 * @throws HyperRunError checkout.unsafe-path
 */
export const withBaseFiles = async (options: {
  readonly repository: GitRepository;
  readonly base: Oid;
  readonly directory: string;
  readonly paths: Iterable<string>;
}): Promise<void> => {
  const { repository, base, directory } = options;
  const tree = await repository.treeOf(base);
  for (const path of options.paths) {
    if (validatePath(path)) throw unsafe(path);
    const entry = await repository.objects.entryAt(tree, path);
    const target = join(directory, path);
    await refuseLinkedFolders(directory, dirname(path));
    await rm(target, { force: true, recursive: true });
    if (!entry || !isRegularFile(entry)) await removeEmptyFolders(directory, dirname(path));
    else {
      await mkdir(dirname(target), { recursive: true });
      await writeNew(target, await repository.readBlob(entry.oid), entry.mode === MODE.executable ? 0o755 : 0o644);
    }
  }
};

const ABSENT = '000000';

const refuseLinkedFolders = async (directory: string, folder: string) => {
  const segments = folder === '.' ? [] : folder.split('/');
  for (const [i] of segments.entries()) {
    const part = segments.slice(0, i + 1).join('/');
    const entry = await lstat(join(directory, part)).catch(() => undefined);
    if (entry && !entry.isDirectory()) throw unsafe(part);
  }
};

/** git knows no empty folders; a checkout of the base would not have them. */
const removeEmptyFolders = async (directory: string, folder: string): Promise<void> => {
  const path = join(directory, folder);
  const entries = folder === '.' ? ['.'] : await readdir(path).catch(() => ['.']);
  if (entries.length > 0) return;
  await rmdir(path);
  await removeEmptyFolders(directory, dirname(folder));
};

const writeNew = async (path: string, content: Buffer, mode: number) => {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const handle = await open(path, flags, mode);
  try {
    await handle.writeFile(content);
  } finally {
    await handle.close();
  }
};

const unsafe = (path: string) =>
  new HyperRunError(
    'checkout.unsafe-path',
    `${JSON.stringify(path)} is not a plain path of the checkout: nothing was written there.`,
    { path },
  );
