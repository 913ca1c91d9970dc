import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isHyperRunError, type Oid, type Sha256 } from '#contracts';
import type { WrittenFile } from '#domain';
import { GitRepository } from '#git';
import { mayHoldSecrets } from '#hafs';
import { removeTree } from '#sandbox';
import { buildCandidate, validatePath, VirtualTree, type Scope } from '#workspace';
import { baseTerms } from '../strategist/base-terms.port.js';

/** Enough for a person to read, and little enough to be made again whenever something was written. */
const LIMITS = { files: 500, totalBytes: 4 << 20 };
const MOST_TEXT = 2 << 20;

export interface WorkDiff {
  /** Unified, as git writes it. */
  readonly text: Buffer;
  /** Files that were written and are not in it: too large, too many, not to be read, no longer kept, or of a name that git would not take. */
  readonly leftOut: number;
}

interface Work {
  readonly repositoryPath: string;
  readonly baseCommit: Oid;
  readonly files: readonly WrittenFile[];
  /** Of an artefact. @throws HyperRunError as `ArtifactStore.get` */
  readonly contentOf: (sha: Sha256) => Promise<Buffer>;
}

/**
 * How the files that were written differ from the base, by native git, from nothing but what the log and the artefacts say: no
 * workspace is looked at. What its repository forbids to read, or may hold secrets, is left out.
 * @throws HyperRunError `repository.not-found` and what else keeps a repository from being opened
 */
export const diffOfWork = async ({ repositoryPath, baseCommit, files, contentOf }: Work): Promise<WorkDiff> => {
  const repository = await GitRepository.open(repositoryPath);
  const directory = await mkdtemp(join(tmpdir(), 'hyper-run-diff-'));
  try {
    const { unreadable } = await baseTerms(repository, baseCommit);
    const tree = await VirtualTree.at({ repository, commit: baseCommit, scope: ANYWHERE, limits: LIMITS });
    let leftOut = 0;
    for (const file of files) {
      const hidden = mayHoldSecrets(file.path) || unreadable(file.path);
      if (hidden || !(await wasTaken(tree, file, contentOf))) leftOut += 1;
    }
    const patch = await patchOf(repository, tree, directory);
    const { text, cut } = shortened(patch, MOST_TEXT);
    return { text, leftOut: leftOut + cut };
  } finally {
    repository.close();
    await removeTree(directory);
  }
};

/** It is only shown: what lies outside the scope of its task is what a person wants to see most. */
const ANYWHERE: Scope = {
  patterns: [],
  paths: undefined,
  grants: [],
  protect: [],
  check: (path) => {
    const fault = validatePath(path);
    return fault === undefined ? { allowed: true } : { allowed: false, ...fault };
  },
};

const NOT_TAKEN = [
  'scope.violated',
  'tree.too-large',
  'tree.not-found',
  'artifact.missing',
  'artifact.altered',
  'artifact.removed',
];

const wasTaken = async (
  tree: VirtualTree,
  { path, content }: WrittenFile,
  contentOf: Work['contentOf'],
): Promise<boolean> => {
  try {
    if (content !== undefined) await tree.write(path, await contentOf(content));
    else if ((await tree.stat(path)) !== undefined) await tree.delete(path);
    return true;
  } catch (error) {
    if (NOT_TAKEN.some((code) => isHyperRunError(error, code))) return false;
    throw error;
  }
};

const patchOf = (repository: GitRepository, tree: VirtualTree, directory: string): Promise<Buffer> =>
  buildCandidate({ repository, tree, directory }).then(
    ({ patch }) => patch,
    (error: unknown) => {
      if (isHyperRunError(error, 'candidate.empty')) return Buffer.alloc(0);
      throw error;
    },
  );

const FILE = '\ndiff --git ';

/** Whole files, as many as fit. */
const shortened = (patch: Buffer, most: number): { readonly text: Buffer; readonly cut: number } => {
  if (patch.length <= most) return { text: patch, cut: 0 };
  const end = patch.lastIndexOf(FILE, most) + 1;
  return { text: patch.subarray(0, end), cut: patch.toString('latin1', end).split(/^diff --git /m).length - 1 };
};
