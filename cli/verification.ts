// Proof without the service: an export or an archive, and a clone of the repository, prove each other.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { isHyperRunError, Oid, SealedHead, StreamName, Version } from '#contracts';
import { locate, runGit } from '#git';
import {
  archiveLines,
  isArchive,
  parseTrailers,
  readExport,
  recordedOf,
  verifyExport,
  type Anchor,
  type Problem,
  type Verified,
} from '#seal';

/** A commit that the log says was made, and what the repository says about it. */
export interface CommitCheck {
  readonly commit: Oid;
  readonly branch: string;
  /** `proven`: the commit carries the hash of its history, and has the tree that was verified. */
  readonly result: 'proven' | 'absent' | 'no seal' | 'another tree';
}

export interface OfflineProof extends Verified {
  readonly commits: readonly CommitCheck[];
}

const PublishDecided = z.object({
  commit: Oid,
  branch: z.string().regex(/^hyper-run\/[a-z0-9-]{1,48}$/),
  tree: Oid,
  sealed: SealedHead,
});
type Publication = z.infer<typeof PublishDecided>;

/** Of an export as it is, of an archive member after member. @throws HyperRunError `archive.damaged` {stream, version} */
async function* linesOf(path: string): AsyncGenerator<string> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const readAt = async (offset: number, length: number) => {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
      return buffer.subarray(0, bytesRead);
    };
    if (isArchive(await readAt(0, 3))) yield* archiveLines(readAt, size);
    else yield* createInterface({ input: createReadStream(path), crlfDelay: Infinity });
  } finally {
    await file.close();
  }
}

/**
 * Recomputes every hash of the export or archive; with a repository also compares the seals in the commits that came of
 * it. An archive is named after its own SHA-256: where it is not what its name says, that is a problem, too.
 */
export const verifyOffline = async (file: string, repository?: string): Promise<OfflineProof> => {
  const renamed = await otherThanItsName(file);
  const proof = await proofOf(file, repository).catch((error: unknown) => damaged(error));
  const problems = [...proof.problems, ...renamed];
  return { ...proof, valid: proof.valid && problems.length === 0, problems };
};

/** A part that cannot be unpacked: where it is, is known, and what else there is to prove, is not. */
const damaged = (error: unknown): OfflineProof => {
  if (!isHyperRunError(error, 'archive.damaged')) throw error;
  const { success, data } = Place.safeParse(error.details);
  const problem: Problem = { ...(success ? data : {}), kind: 'altered', text: error.message };
  return { valid: false, problems: [problem], heads: [], events: 0, commits: [] };
};

const Place = z.object({ stream: StreamName, version: Version });

const otherThanItsName = async (file: string): Promise<Problem[]> => {
  const [, digest] = /^([0-9a-f]{64})\.ndjson\.gz$/.exec(basename(file)) ?? [];
  if (digest === undefined) return [];
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  const found = hash.digest('hex');
  if (found === digest) return [];
  return [{ kind: 'altered', text: `The file is named ${digest} and hashes to ${found}: bytes of it were altered.` }];
};

const proofOf = async (file: string, repository?: string): Promise<OfflineProof> => {
  if (repository === undefined) return { ...(await verifyExport(linesOf(file))), commits: [] };
  const { gitDir } = await locate(repository);
  const anchors: Anchor[] = [];
  const commits: CommitCheck[] = [];
  const streams = await streamsOf(file);
  for await (const publication of publications(file)) {
    const { result, seals } = await check(gitDir, publication);
    const { commit, branch } = publication;
    commits.push({ commit, branch, result });
    anchors.push(...seals.map((head) => ({ head, from: `commit ${commit}` })));
    const moved = (await sealsOfTip(gitDir, publication)).filter(({ stream }) => streams.has(stream));
    anchors.push(...moved.map((head) => ({ head, from: `branch ${branch}` })));
  }
  const verified = await verifyExport(linesOf(file), anchors);
  const unproven = commits.some(({ result }) => result === 'no seal' || result === 'another tree');
  return { ...verified, valid: verified.valid && !unproven, commits };
};

const streamsOf = async (file: string): Promise<ReadonlySet<string>> => {
  const streams = new Set<string>();
  for await (const line of readExport(linesOf(file))) if (line.kind === 'record') streams.add(line.stream);
  return streams;
};

/** What the branch names by now, when that is another commit: an amended one carries the seal of somebody else's making. */
const sealsOfTip = async (gitDir: string, { branch, commit }: Publication): Promise<SealedHead[]> => {
  const ref = `refs/heads/${branch}`;
  const { exitCode, stdout } = await runGit(['cat-file', 'commit', ref], { gitDir, answers: [0, 1, 128] });
  if (exitCode !== 0) return [];
  const tip = await runGit(['rev-parse', '--verify', '--quiet', ref], { gitDir, answers: [0, 1, 128] });
  if (tip.stdout.toString('latin1').trim() === commit) return [];
  const [, ...message] = stdout.toString('utf8').split('\n\n');
  return parseTrailers(message.join('\n\n'));
};

async function* publications(file: string): AsyncGenerator<Publication> {
  for await (const line of readExport(linesOf(file))) {
    const event = line.kind === 'record' ? recordedOf(line) : undefined;
    if (event?.type === 'task.publish-decided' || event?.type === 'sprint.integration-decided')
      yield PublishDecided.parse(event.data);
  }
}

const check = async (
  gitDir: string,
  { commit, tree, sealed }: Publication,
): Promise<{ readonly result: CommitCheck['result']; readonly seals: readonly SealedHead[] }> => {
  const { exitCode, stdout } = await runGit(['cat-file', 'commit', commit], { gitDir, answers: [0, 1, 128] });
  if (exitCode !== 0) return { result: 'absent', seals: [] };
  const [header = '', ...message] = stdout.toString('utf8').split('\n\n');
  if (!header.startsWith(`tree ${tree}\n`)) return { result: 'another tree', seals: [] };
  const seals = parseTrailers(message.join('\n\n'));
  return seals.some(({ stream }) => stream === sealed.stream)
    ? { result: 'proven', seals }
    : { result: 'no seal', seals: [] };
};
