import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { StreamName, type SprintId } from '#contracts';
import { runGit } from '#git';
import { exportLines, sealStream, trailerOf, type SealedRecord } from '#seal';
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
