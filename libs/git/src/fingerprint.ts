import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Sha256 } from '#contracts';
import { statusOf } from './description.js';
import { listForeignRefs } from './refs.js';
import type { GitRepository } from './repository.js';

/** All of a user's repository that we promise not to touch, as hashes and values that can be stored and compared. */
export interface Fingerprint {
  readonly head: string;
  /** Every ref outside refs/heads/hyper-run/. */
  readonly refs: Readonly<Record<string, string>>;
  /** SHA-256 by file: index, shared index, configuration, hooks, attributes and ignore rules of the repository. */
  readonly files: Readonly<Record<string, Sha256>>;
  /** SHA-256 of what `git status` says; null in a bare repository. */
  readonly status: Sha256 | null;
}

/** What differs, in words: empty if nothing does. */
export const compareFingerprints = (before: Fingerprint, after: Fingerprint): string[] => [
  ...(before.head === after.head ? [] : ['HEAD']),
  ...differences('ref', before.refs, after.refs),
  ...differences('file', before.files, after.files),
  ...(before.status === after.status ? [] : ['status of the work tree']),
];

const differences = (kind: string, before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>) =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((key) => before[key] !== after[key])
    .toSorted()
    .map((key) => `${kind} ${key}`);

export const takeFingerprint = async (repository: GitRepository): Promise<Fingerprint> => {
  const { gitDir, commonDir, workTree } = repository.location;
  const [head, refs, files, status] = await Promise.all([
    readFile(join(gitDir, 'HEAD'), 'utf8'),
    listForeignRefs(repository.call),
    hashAll([...(await below(gitDir, PER_CHECKOUT)), ...(await below(commonDir, SHARED))]),
    workTree === null ? null : statusOf(repository).then((lines) => sha256(lines.join('\0'))),
  ]);
  return { head: head.trim(), refs, files, status };
};

const PER_CHECKOUT = /^(index|sharedindex\..*|config\.worktree)$/;
const SHARED = /^(config|hooks|info)$/;

const below = async (folder: string, names: RegExp): Promise<(readonly [string, string])[]> => {
  const entries = await readdir(folder, { withFileTypes: true });
  const found = entries
    .filter((entry) => names.test(entry.name))
    .map(async (entry) => {
      const path = join(folder, entry.name);
      if (entry.isFile()) return [[entry.name, path] as const];
      if (!entry.isDirectory()) return [];
      return (await below(path, /./)).map(([name, file]) => [`${entry.name}/${name}`, file] as const);
    });
  return (await Promise.all(found)).flat();
};

const hashAll = async (files: readonly (readonly [string, string])[]): Promise<Record<string, Sha256>> =>
  Object.fromEntries(
    await Promise.all(files.map(async ([name, path]) => [name, sha256(await readFile(path))] as const)),
  );

const sha256 = (content: Buffer | string) => Sha256.parse(createHash('sha256').update(content).digest('hex'));
