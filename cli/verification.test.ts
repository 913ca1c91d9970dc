import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { StreamName, type SprintId } from '#contracts';
import { runGit } from '#git';
import { exportLines, packArchive, sealStream, trailerOf, type SealedRecord } from '#seal';
import { verifyOffline } from './verification.js';

const STREAM = StreamName.parse('task-t1');

let folder: string;
let file: string;
let commit: string;

const record = (version: number, type: string, data: unknown): SealedRecord => ({
  version,
  header: Buffer.from(JSON.stringify({ stream: STREAM, version, type })),
  data: Buffer.from(JSON.stringify(data)),
});

const git = async (args: string[], input = '') =>
  (
    await runGit(args, {
      gitDir: join(folder, 'repository', '.git'),
      input,
      config: { 'user.name': 'a', 'user.email': 'a@b.c' },
    })
  ).stdout
    .toString('utf8')
    .trim();

/** A history of one task, and the commit that it led to, which carries the seal of what came before. */
const history = async (message: (trailer: string) => string) => {
  const queued = record(1, 'task.queued', {});
  const sealed = await sealStream(STREAM, [queued]);
  const tree = await git(['mktree']);
  commit = await git(['commit-tree', tree], message(trailerOf(sealed)));
  const decided = { attempt: 1, tree, commit, branch: 'hyper-run/t1', pack: 'a'.repeat(64), sealed };
  const records = [queued, record(2, 'task.publish-decided', decided)];
  const lines: string[] = [];
  const streams = [{ stream: STREAM, records }];
  for await (const line of exportLines({ sprintId: 's1' as SprintId, incarnation: 'i', streams })) lines.push(line);
  await writeFile(file, `${lines.join('\n')}\n`);
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hyper-run-verify-'));
  file = join(folder, 'export.ndjson');
  await runGit(['init', '--quiet', join(folder, 'repository')]);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('an archive', () => {
  const archive = async (records: readonly SealedRecord[]) => {
    const members: Buffer[] = [];
    const source = { sprintId: 's1' as SprintId, incarnation: 'i', streams: [{ stream: STREAM, records }] };
    for await (const member of packArchive(source, () => undefined)) members.push(member);
    const bytes = Buffer.concat(members);
    const path = join(folder, `${createHash('sha256').update(bytes).digest('hex')}.ndjson.gz`);
    await writeFile(path, bytes);
    return { path, bytes };
  };
  const records = Array.from({ length: 1200 }, (_, index) => record(index + 1, 'action.file-read', { index }));

  it('is proven as an export is, and is one to whoever unpacks it', async () => {
    const { path, bytes } = await archive(records);
    expect(await verifyOffline(path)).toMatchObject({ valid: true, events: 1200, problems: [] });
    const lines = gunzipSync(bytes).toString().trimEnd().split('\n');
    expect(lines).toHaveLength(1202);
    await writeFile(file, gunzipSync(bytes));
    expect(await verifyOffline(file)).toMatchObject({ valid: true, events: 1200 });
  });

  it('is disproven by every byte of it that is another, and the place is named where there is one', async () => {
    const { path, bytes } = await archive(records.slice(0, 4));
    const second = bytes.indexOf('HR', bytes.indexOf('HR') + 1);
    const firsts = new Map<number, object | undefined>();
    for (let at = 0; at < bytes.length; at++) {
      const altered = Buffer.from(bytes);
      altered[at] = (altered[at] ?? 0) ^ 1;
      await writeFile(path, altered);
      const { valid, problems } = await verifyOffline(path);
      expect([at, valid, problems.at(-1)?.text]).toEqual([
        at,
        false,
        expect.stringContaining('bytes of it were altered'),
      ]);
      firsts.set(at, problems[0]);
    }
    expect(firsts.get(second + 60)).toMatchObject({ stream: STREAM, version: 1, kind: 'altered' });
  });
});

describe('an export and a repository', () => {
  it('prove each other when the commit carries the seal of its history', async () => {
    await history((trailer) => `Repair links\n\n${trailer}\n`);
    const proof = await verifyOffline(file, join(folder, 'repository'));
    expect(proof).toMatchObject({ valid: true, events: 2, commits: [{ commit, result: 'proven' }] });
  });

  it('do not when the commit carries no seal', async () => {
    await history(() => 'Repair links\n');
    expect(await verifyOffline(file, join(folder, 'repository'))).toMatchObject({
      valid: false,
      commits: [{ result: 'no seal' }],
    });
  });

  it('do not when the commit carries the seal of another history', async () => {
    await history((trailer) => `Repair links\n\n${trailer.replace(/[0-9a-f]{8}$/, '00000000')}\n`);
    const proof = await verifyOffline(file, join(folder, 'repository'));
    expect(proof.valid).toBe(false);
    expect(proof.problems.map(({ kind }) => kind)).toEqual(['head']);
  });

  it('do not when a byte of the history was changed', async () => {
    await history((trailer) => `Repair links\n\n${trailer}\n`);
    await writeFile(file, (await readFile(file, 'utf8')).replace('hyper-run/t1', 'hyper-run/t2'));
    expect((await verifyOffline(file, join(folder, 'repository'))).valid).toBe(false);
  });

  it('can be told apart: a commit that is not there is named, and disproves nothing', async () => {
    await history((trailer) => `Repair links\n\n${trailer}\n`);
    await runGit(['init', '--quiet', join(folder, 'empty')]);
    expect(await verifyOffline(file, join(folder, 'empty'))).toMatchObject({
      valid: true,
      commits: [{ result: 'absent' }],
    });
  });
});
