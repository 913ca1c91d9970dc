import { stat } from 'node:fs/promises';
import { HyperRunError, isHyperRunError, type Instant, type Oid, type SprintId, type TaskId } from '#contracts';
import { importPack, PrivateObjects, type GitRepository } from '#git';

export interface FinalCommit {
  readonly commit: Oid;
  /** The commit and all objects that the repository does not have yet, as a git pack. */
  readonly pack: Buffer;
}

/** `hyper-run/<task-id>`. */
export const branchOfTask = (taskId: TaskId): string => `hyper-run/${taskId}`;

/** `hyper-run/sprint-<sprint-id>`: no task id begins so. */
export const branchOfSprint = (sprintId: SprintId): string => `hyper-run/sprint-${sprintId}`;

const BRANCH = /^hyper-run\/(?:sprint-)?[a-z0-9-]{1,40}$/;

/**
 * Makes the commit of a candidate that passed, beside its other objects, still unseen by the repository. Its first parent
 * is the base; those after it, and all they need, go into the pack. The same input gives the same commit.
 */
export const commitCandidate = async (options: {
  readonly repository: GitRepository;
  readonly directory: string;
  readonly tree: Oid;
  readonly parents: readonly [base: Oid, ...more: Oid[]];
  readonly message: string;
  readonly author: { readonly name: string; readonly email: string };
  readonly time: Instant;
}): Promise<FinalCommit> => {
  const { repository, directory, tree, parents, message, author, time } = options;
  const commit = await (await PrivateObjects.create(directory)).writeCommit({ tree, parents, message, author, time });
  const objects = repository.withPrivateObjects(directory);
  const args = ['pack-objects', '--stdout', '--revs', '--sparse', '-q', '--threads=1'];
  const { stdout } = await objects.run(args, { input: `${commit}\n^${parents[0]}\n` });
  return { commit, pack: stdout };
};

/**
 * Brings a commit into the repository and creates its branch, in that order: a crash at any moment leaves either nothing
 * that anyone sees or the finished branch, and calling it again goes forward. A branch that exists is never moved.
 * @throws HyperRunError publish.foreign-ref, publish.branch-checked-out, publish.branch-in-the-way,
 * publish.repository-gone, publish.disk-full, publish.import-failed, publish.ref-failed
 */
export const publish = async (options: {
  readonly repository: GitRepository;
  readonly pack: Buffer;
  readonly commit: Oid;
  readonly branch: string;
}): Promise<'created' | 'same'> => {
  const { repository, pack, commit, branch } = options;
  if (!BRANCH.test(branch))
    throw failure('invalid-branch', `Expected hyper-run/<id>, found ${JSON.stringify(branch)}.`, { branch });
  const ref = `refs/heads/${branch}`;
  await refuseGone(repository);
  const [found, inUse] = await Promise.all([
    repository.refsBelow('refs/heads/hyper-run'),
    repository.checkedOutBranches(),
  ]);
  if (found.has('refs/heads/hyper-run')) throw failure('branch-in-the-way', IN_THE_WAY, { branch: 'hyper-run' });
  const existing = found.get(ref);
  if (existing !== undefined && existing !== commit) throw foreign(branch, existing, commit);
  if (existing === undefined && inUse.includes(ref)) throw checkedOut(branch);
  await importObjects(repository, pack);
  if ((await repository.objects.readObject(commit)).type !== 'commit')
    throw failure('import-failed', `${commit} is not a commit.`);
  await repository.treeOf(commit);
  const outcome = existing === undefined ? await create(repository, ref, commit) : 'same';
  if (typeof outcome === 'object') throw foreign(branch, outcome.other, commit);
  return outcome;
};

const refuseGone = async (repository: GitRepository) => {
  const there = await stat(repository.location.commonDir).catch(() => undefined);
  if (!there?.isDirectory())
    throw failure(
      'repository-gone',
      `The repository ${JSON.stringify(repository.path)} is no longer there. Put it back and try again.`,
    );
};

const importObjects = async (repository: GitRepository, pack: Buffer) => {
  try {
    await importPack(repository, pack);
  } catch (error) {
    if (!isHyperRunError(error)) throw error;
    const code = /No space left|quota exceeded/i.test(error.message) ? 'disk-full' : 'import-failed';
    throw failure(code, `The objects could not be imported: ${error.message}`, {}, error);
  }
};

const create = async (repository: GitRepository, ref: string, commit: Oid) => {
  try {
    return await repository.createRef(ref, commit);
  } catch (error) {
    if (!isHyperRunError(error)) throw error;
    throw failure(
      'ref-failed',
      `${ref} could not be created (a lock left behind, or no space?): ${error.message}`,
      { ref },
      error,
    );
  }
};

const IN_THE_WAY = 'A branch named "hyper-run" leaves no room for branches below hyper-run/. Rename it and try again.';

const foreign = (branch: string, found: Oid, expected: Oid) =>
  failure(
    'foreign-ref',
    `Branch ${branch} already points to ${found}, expected none or ${expected}. Rename or delete it and try again.`,
    { branch, found, expected },
  );

const checkedOut = (branch: string) =>
  failure(
    'branch-checked-out',
    `Branch ${branch} is checked out, so creating it would change that checkout. Switch to another branch and try again.`,
    { branch },
  );

const failure = (code: string, message: string, details: Readonly<Record<string, unknown>> = {}, cause?: Error) =>
  new HyperRunError(`publish.${code}`, message, details, 'operator', { cause });
