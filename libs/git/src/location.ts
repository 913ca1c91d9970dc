import { lstat, realpath, stat } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { HyperRunError } from '#contracts';
import { readRegularFile } from './regular-file.js';
import { unreadable } from './unreadable.js';

/** The folders of a repository, absolute and free of symbolic links. */
export interface GitLocation {
  /** HEAD and index: `.git`, or a folder below `.git/worktrees` for a linked work tree. */
  readonly gitDir: string;
  /** Objects, refs and configuration: the same as gitDir unless this is a linked work tree. */
  readonly commonDir: string;
  /** Top level of the checkout; null in a bare repository. */
  readonly workTree: string | null;
}

/**
 * Finds the repository that a folder belongs to, walking up, without starting git.
 * @throws HyperRunError repository.not-found, repository.not-a-repository, repository.outside-roots,
 * repository.unreadable
 */
export const locate = async (path: string, allowedRoots?: readonly string[]): Promise<GitLocation> => {
  const start = await realpath(resolve(path)).catch(() => {
    throw new HyperRunError(
      'repository.not-found',
      `There is no folder ${JSON.stringify(path)}. Name an existing one.`,
      { path },
    );
  });
  if (!(await stat(start)).isDirectory()) throw notARepository(path);
  const roots = allowedRoots && (await Promise.all(allowedRoots.map((root) => realpath(root).catch(() => root))));
  const inRoots = (folder: string) => !roots || roots.some((root) => isWithin(root, folder));
  if (!inRoots(start)) throw outsideRoots(path);
  for (let folder = start; ; folder = dirname(folder)) {
    const found = await repositoryAt(folder);
    if (found) {
      if (![found.workTree ?? found.gitDir, found.gitDir, found.commonDir].every(inRoots)) throw outsideRoots(path);
      return found;
    }
    if (dirname(folder) === folder) throw notARepository(path);
  }
};

export const isWithin = (root: string, folder: string) =>
  folder === root || folder.startsWith(root.endsWith(sep) ? root : root + sep);

const repositoryAt = async (folder: string): Promise<GitLocation | undefined> => {
  const dotGit = join(folder, '.git');
  const entry = await lstat(dotGit).catch(() => undefined);
  if (entry?.isFile()) return linkedTo(folder, dotGit);
  const gitDir = entry ? await realpath(dotGit).catch(() => undefined) : undefined;
  if (gitDir !== undefined && (await isGitDirectory(gitDir))) return within(gitDir, folder);
  return (await isGitDirectory(folder)) ? within(folder, null) : undefined;
};

/** A `.git` file names the git directory of a linked work tree or of a submodule. */
const linkedTo = async (folder: string, dotGit: string): Promise<GitLocation | undefined> => {
  const text = await readRegularFile(dotGit, 'utf8').catch((error: Error) => {
    throw unreadable(folder, error.message, error);
  });
  const target = /^gitdir: (.+?)\r?\n?$/s.exec(text.slice(0, 4096))?.[1];
  const gitDir = target === undefined ? undefined : await realpath(resolve(folder, target)).catch(() => undefined);
  return gitDir !== undefined && (await isGitDirectory(gitDir)) ? within(gitDir, folder) : undefined;
};

const within = async (gitDir: string, workTree: string | null): Promise<GitLocation> => ({
  gitDir,
  commonDir: await commonDirOf(gitDir),
  workTree,
});

const commonDirOf = async (gitDir: string) => {
  const text = await readRegularFile(join(gitDir, 'commondir'), 'utf8').catch(() => undefined);
  return text === undefined ? gitDir : realpath(resolve(gitDir, text.trimEnd())).catch(() => gitDir);
};

const isGitDirectory = async (folder: string): Promise<boolean> => {
  const isFolder = (path: string) =>
    stat(path).then(
      (entry) => entry.isDirectory(),
      () => false,
    );
  const head = await lstat(join(folder, 'HEAD')).catch(() => undefined);
  if (!head) return false;
  const common = await commonDirOf(folder);
  return (await isFolder(join(common, 'objects'))) && isFolder(join(common, 'refs'));
};

const notARepository = (path: string) =>
  new HyperRunError(
    'repository.not-a-repository',
    `${JSON.stringify(path)} is not inside a git repository. Name one, or make it one with git init and a first commit.`,
    { path },
  );

const outsideRoots = (path: string) =>
  new HyperRunError(
    'repository.outside-roots',
    `${JSON.stringify(path)} (or the git directory it points to) lies outside the allowed roots. Add its folder to HYPER_RUN_REPOSITORIES.`,
    { path },
  );
