import { join } from 'node:path';
import { type Oid } from '#contracts';
import type { GitRepository } from './repository.js';
import { runGit } from './run-git.js';
import { requireRegularOrAbsent } from './regular-file.js';
import { MODE } from './tree.js';
import { orUnreadable, SHORT } from './unreadable.js';

export interface RepositoryDescription {
  readonly path: string;
  readonly commit: Oid;
  /** Null when HEAD is detached. */
  readonly branch: string | null;
  /** Tracked files differ from HEAD, in the index or in the work tree. */
  readonly dirty: boolean;
  readonly untracked: number;
  readonly bare: boolean;
  readonly linkedWorkTree: boolean;
  readonly submodules: readonly string[];
  /** A `.gitattributes` sends files to Git LFS: their content here is a pointer, which nobody may edit. */
  readonly lfs: boolean;
  /** Attributes that make a checkout differ from what git stores: `eol`, `ident`, `filter`, `working-tree-encoding`. */
  readonly eolFilters: readonly string[];
}

const ATTRIBUTE = /\s(text|eol|ident|filter|working-tree-encoding)(?==|\s|$)/g;

/** @throws HyperRunError repository.unreadable, repository.unknown-commit, git.unknown-object, git.corrupt-object */
export const describe = (repository: GitRepository): Promise<RepositoryDescription> =>
  orUnreadable(repository.path, readDescription(repository));

const readDescription = async (repository: GitRepository): Promise<RepositoryDescription> => {
  await requireRegularOrAbsent(join(repository.location.gitDir, 'index'));
  const [commit, branch] = await Promise.all([repository.head({ ...repository.call, ...SHORT }), branchOf(repository)]);
  const files = await repository.objects.listFiles(commit, SHORT);
  // Looks at every file of the work tree: of a large one, on a cold disk, that takes its time.
  const status = repository.location.workTree === null ? [] : await statusOf(repository);
  const attributes = await attributesAt(repository, files);
  return {
    path: repository.path,
    commit,
    branch,
    dirty: status.some((line) => !line.startsWith('?')),
    untracked: status.filter((line) => line.startsWith('?')).length,
    bare: repository.location.workTree === null,
    linkedWorkTree: repository.location.gitDir !== repository.location.commonDir,
    submodules: files.filter((file) => file.mode === MODE.submodule).map((file) => file.path),
    lfs: /\sfilter=lfs(\s|$)/m.test(attributes),
    eolFilters: [...new Set([...attributes.matchAll(ATTRIBUTE)].map((match) => match[1] ?? ''))].toSorted(),
  };
};

const branchOf = async (repository: GitRepository): Promise<string | null> => {
  const { stdout, exitCode } = await runGit(['symbolic-ref', '--quiet', 'HEAD'], {
    ...repository.call,
    ...SHORT,
    answers: [0, 1],
  });
  return exitCode === 0
    ? stdout
        .toString('utf8')
        .trim()
        .replace(/^refs\/heads\//, '')
    : null;
};

/** Records of `git status --porcelain=v2 -z`, as text; the index is read, never refreshed on disk. */
export const statusOf = async (repository: GitRepository): Promise<string[]> => {
  const args = [
    'status',
    '--porcelain=v2',
    '-z',
    '--untracked-files=normal',
    '--ignore-submodules=dirty',
    '--no-renames',
  ];
  const { stdout } = await runGit(args, repository.checkoutCall);
  return stdout.toString('latin1').split('\0').filter(Boolean);
};

const attributesAt = async (repository: GitRepository, files: readonly { path: string; mode: string; oid: Oid }[]) => {
  const named = files.filter(({ path, mode }) => /(^|\/)\.gitattributes$/.test(path) && mode !== MODE.symlink);
  const texts: string[] = [];
  for await (const [, content] of repository.readBlobs(named.map(({ oid }) => oid)))
    texts.push(content.toString('utf8'));
  return texts.join('\n').replaceAll(/^\s*#.*$/gm, '');
};
