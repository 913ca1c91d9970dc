import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { HyperRunError, type Oid } from '#contracts';
import { splitAtNul } from './object-database.js';
import { readRegularFile } from './regular-file.js';
import { isGitFailure, runGit, type GitCall, type GitRun } from './run-git.js';
import { oidFrom } from './tree.js';

const REF = /^refs\/heads\/hyper-run\/[a-z0-9-]{1,60}$/;

/** Only our own branches are ever written. */
const ours = (ref: string): string => {
  if (REF.test(ref)) return ref;
  throw new HyperRunError('git.foreign-ref', `Expected refs/heads/hyper-run/<id>, found ${JSON.stringify(ref)}.`, {
    ref,
  });
};

/** The object that a ref names (not followed further), or undefined. */
export const readRef = async (call: GitRun, ref: string): Promise<Oid | undefined> => {
  const { stdout, exitCode } = await runGit(['rev-parse', '--verify', '--quiet', '--end-of-options', ref], {
    ...call,
    answers: [0, 1, 128],
  });
  const lines = stdout.toString('latin1').trim().split('\n');
  return exitCode === 0 ? oidFrom(lines.at(-1) ?? '') : undefined;
};

/** Git holds the lock of a ref for milliseconds. What is so old was left by one that was killed, or by a loss of power. */
const STALE_LOCK_MS = 600_000;

/** Of one of our refs: of what others hold, nothing is touched. */
export const removeStaleLock = async (commonDir: string, ref: string): Promise<void> => {
  const lock = join(commonDir, `${ours(ref)}.lock`);
  const entry = await lstat(lock).catch(() => undefined);
  if (entry?.isFile() === true && Date.now() - entry.mtimeMs > STALE_LOCK_MS) await rm(lock, { force: true });
};

/**
 * Creates a ref by compare-and-swap, with a reflog. Never moves one.
 * @throws HyperRunError git.foreign-ref (not one of ours), git.failed (lock held, disk full …)
 */
export const createRef = async (call: GitCall, ref: string, oid: Oid): Promise<'created' | 'same' | { other: Oid }> => {
  const input = `create ${ours(ref)}\0${oid}\0`;
  try {
    await runGit(['update-ref', '--create-reflog', '-m', 'hyper-run: publish', '-z', '--stdin'], {
      ...call,
      ...DURABLE,
      input,
    });
    return 'created';
  } catch (error) {
    const found = isGitFailure(error) ? await readRef(call, ref) : undefined;
    if (found === undefined) throw error;
    return found === oid ? 'same' : { other: found };
  }
};

/** Deletes a ref that still has the expected value. False if it is absent. @throws HyperRunError git.failed if it moved */
export const deleteRef = async (call: GitCall, ref: string, expected: Oid): Promise<boolean> => {
  try {
    await runGit(['update-ref', '-z', '--stdin'], { ...call, ...DURABLE, input: `delete ${ours(ref)}\0${expected}\0` });
    return true;
  } catch (error) {
    if (isGitFailure(error) && (await readRef(call, ref)) === undefined) return false;
    throw error;
  }
};

export const listRefs = async (call: GitCall, prefix: string): Promise<ReadonlyMap<string, Oid>> => {
  const { stdout } = await runGit(['for-each-ref', '--format=%(objectname) %(refname)', '--', prefix], call);
  const lines = stdout.toString('utf8').split('\n').filter(Boolean);
  return new Map(lines.map((line) => [line.slice(41), oidFrom(line.slice(0, 40))]));
};

/** Branches that HEAD of the repository or of one of its linked work trees names, born or not. */
export const checkedOutBranches = async (commonDir: string): Promise<string[]> => {
  const linked = join(commonDir, 'worktrees');
  const names = await readdir(linked).catch(absent([]));
  const files = [join(commonDir, 'HEAD'), ...names.map((name) => join(linked, name, 'HEAD'))];
  const heads = await Promise.all(files.map((file) => readRegularFile(file, 'utf8').catch(absent(''))));
  return heads.map((head) => /^ref: (.+)/.exec(head)?.[1] ?? '').filter((ref) => ref !== '');
};

const absent =
  <T>(fallback: T) =>
  (error: NodeJS.ErrnoException): T => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return fallback;
    throw error;
  };

/** Every ref but ours: name → object and, for a symbolic one, its target. */
export const listForeignRefs = async (call: GitCall): Promise<Record<string, string>> => {
  const format = '--format=%(refname)%00%(objectname) %(symref)%00';
  const fields = splitAtNul((await runGit(['for-each-ref', format], call)).stdout).map((field) =>
    field.toString('utf8').replace(/^\n/, ''),
  );
  const refs = fields.flatMap((name, i) => (i % 2 === 0 ? [[name, fields[i + 1] ?? ''] as const] : []));
  return Object.fromEntries(refs.filter(([name]) => !name.startsWith('refs/heads/hyper-run/')));
};

export const DURABLE = { config: { 'core.fsync': 'all', 'core.fsyncMethod': 'fsync' } };
