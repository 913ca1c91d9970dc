import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { HyperRunError, type Oid, type Sha256 } from '#contracts';
import { git, makeRepository } from '../../test/harness/repositories.js';
import { diffOfWork } from './work-diff.js';

const SECRET = 'KEY=base-secret\n';
const REDACTED = 'e'.repeat(64) as Sha256;

describe('the diff of what was written so far', () => {
  let folder: string;
  let repositoryPath: string;
  let baseCommit: Oid;
  const artefacts = new Map<Sha256, Buffer>();

  const kept = (content: string | Buffer): Sha256 => {
    const sha = createHash('sha256').update(content).digest('hex') as Sha256;
    artefacts.set(sha, Buffer.from(content));
    return sha;
  };
  const contentOf = async (sha: Sha256) => {
    if (sha === REDACTED) throw new HyperRunError('artifact.removed', 'It was redacted.');
    const found = artefacts.get(sha);
    if (found === undefined) throw new HyperRunError('artifact.missing', 'It is gone.', {}, 'operator');
    return found;
  };
  const diffOf = async (files: Readonly<Record<string, string | Buffer | undefined>>) => {
    const written = Object.entries(files).map(([path, content]) =>
      content === undefined ? { path } : { path, content: kept(content) },
    );
    const { text, leftOut } = await diffOfWork({ repositoryPath, baseCommit, files: written, contentOf });
    return { text: text.toString(), leftOut };
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hyper-run-work-diff-'));
    repositoryPath = await makeRepository(folder, 'pages', {
      'docs/a.md': '# A\n\nWe recieve a map.\n',
      'docs/b.md': '# B\n',
      'docs/.env': SECRET,
      'docs/private/plan.md': 'The plan.\n',
      '.hyper-run.json': '{ "unreadable": ["docs/private/**"] }\n',
    });
    baseCommit = (await git(repositoryPath, 'rev-parse', 'HEAD')).trim() as Oid;
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('is what git says of changed, new and deleted files, inside the scope of the task and outside', async () => {
    const { text, leftOut } = await diffOf({
      'docs/a.md': '# A\n\nWe receive a map.\n',
      'docs/b.md': undefined,
      'src/new.ts': 'export {};\n',
    });
    expect(leftOut).toBe(0);
    expect(text).toMatch(/^-We recieve a map\.\n\+We receive a map\.$/m);
    expect(text).toContain('deleted file mode 100644');
    expect(text).toMatch(/\+\+\+ b\/src\/new\.ts[^]*^\+export \{\};$/m);
  });

  it('is empty where what was written is what was there', async () => {
    expect(await diffOf({ 'docs/b.md': '# B\n' })).toEqual({ text: '', leftOut: 0 });
  });

  it('shows nothing of files that may not be read, neither as they were nor as they are', async () => {
    const { text, leftOut } = await diffOf({
      'docs/.env': 'KEY=new-secret\n',
      'docs/private/plan.md': undefined,
      'docs/b.md': '# B\n\nMore.\n',
    });
    expect(leftOut).toBe(2);
    expect(text).toContain('+More.');
    expect(text).not.toMatch(/secret|The plan|private/);
  });

  it('leaves out and counts what is too large, lost or redacted, and names that git would not take', async () => {
    const lost = { path: 'docs/lost.md', content: 'f'.repeat(64) as Sha256 };
    const redacted = { path: 'docs/leak.md', content: REDACTED };
    const files = [
      { path: 'docs/large.md', content: kept('x'.repeat((1 << 20) + 1)) },
      { path: '.git/config', content: kept('[core]\n') },
      { path: '../outside.md', content: kept('out\n') },
      { path: 'docs/b.md', content: kept('# Bee\n') },
      lost,
      redacted,
    ];
    const { text, leftOut } = await diffOfWork({ repositoryPath, baseCommit, files, contentOf });
    expect(leftOut).toBe(5);
    expect(text.toString().match(/^diff --git .*$/gm)).toEqual(['diff --git a/docs/b.md b/docs/b.md']);
  });

  it('ends before a file that would make it too long', async () => {
    const long = (mark: string) => `${mark.repeat(80)}\n`.repeat(11_000);
    const { text, leftOut } = await diffOf({ 'docs/1.md': long('a'), 'docs/2.md': long('b'), 'docs/3.md': long('c') });
    expect(text.match(/^diff --git .*$/gm)).toHaveLength(2);
    expect([leftOut, text.endsWith(`+${'b'.repeat(80)}\n`)]).toEqual([1, true]);
  });

  it('leaves the repository as it was', async () => {
    const objects = await git(repositoryPath, 'count-objects', '-v');
    await diffOf({ 'docs/b.md': '# Bee\n' });
    expect(await git(repositoryPath, 'status', '--porcelain')).toBe('');
    expect(await git(repositoryPath, 'count-objects', '-v')).toBe(objects);
  });
});
