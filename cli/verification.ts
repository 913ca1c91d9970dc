// Proof without the service: an export and a clone of the repository prove each other.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { Oid, SealedHead } from '#contracts';
import { locate, runGit } from '#git';
import { parseTrailers, readExport, recordedOf, verifyExport, type Anchor, type Verified } from '#seal';

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

const linesOf = (file: string) => createInterface({ input: createReadStream(file), crlfDelay: Infinity });

/** Recomputes every hash of the export; with a repository also compares the seals in the commits that came of it. */
export const verifyOffline = async (file: string, repository?: string): Promise<OfflineProof> => {
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
