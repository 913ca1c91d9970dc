import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, link, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Oid } from '#contracts';
import type { FileEntry } from '#git';
import { LiveChanges, type LiveTree } from './live-changes.js';

const BASE = { 'docs/a.md': '# A\n', 'docs/sub/b.md': '# B\n', 'docs/.env': 'KEY=secret\n' };

const entry = ([path, text]: readonly [string, string]): FileEntry => {
  const oid = createHash('sha1').update(`blob ${text.length}\0${text}`).digest('hex') as Oid;
  return { path, oid, mode: '100644', size: text.length };
};

describe('what programs change while they are at work', () => {
  let folder: string;
  let tree: string;
  let live: LiveChanges;

  const at = (path: string) => join(tree, path);
  const looked = async () =>
    (await live.look()).map(({ path, content }) => `${path}: ${content?.toString().trim() ?? 'gone'}`);
  const open = (more: Partial<LiveTree> = {}) => {
    const unreadable = (path: string) => path.endsWith('.env');
    const files = Object.entries(BASE).map(entry);
    live = new LiveChanges({ changed: tree, now: tree, below: join(folder, 'base'), files, hidden: new Set(['docs/.env']), unreadable, ...more }); // prettier-ignore
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hyper-run-live-'));
    tree = join(folder, 'tree');
    await mkdir(join(folder, 'base/docs/sub'), { recursive: true });
    for (const [path, text] of Object.entries(BASE)) await writeFile(join(folder, 'base', path), text);
    await cp(join(folder, 'base'), tree, { recursive: true });
    open();
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('is found once: written, made, moved, deleted, and put back', async () => {
    expect(await looked()).toEqual([]);
    await writeFile(at('docs/a.md'), '# Aye\n');
    await writeFile(at('docs/new.md'), 'new\n');
    expect(await looked()).toEqual(['docs/a.md: # Aye', 'docs/new.md: new']);
    expect(await looked()).toEqual([]);
    await rename(at('docs/new.md'), at('docs/newer.md'));
    await rm(at('docs/sub'), { recursive: true });
    await writeFile(at('docs/a.md'), BASE['docs/a.md']);
    expect(await looked()).toEqual([
      'docs/sub/b.md: gone',
      'docs/a.md: # A',
      'docs/newer.md: new',
      'docs/new.md: gone',
    ]);
    expect(await looked()).toEqual([]);
  });

  it('is not told of what a tool wrote, until a program changes that', async () => {
    await writeFile(at('docs/t.md'), 'by a tool\n');
    live.note('docs/t.md', Buffer.from('by a tool\n'));
    expect(await looked()).toEqual([]);
    await writeFile(at('docs/t.md'), 'by a program\n');
    expect(await looked()).toEqual(['docs/t.md: by a program']);
  });

  it('follows no link, waits for no pipe, and opens nothing that may not be read', async () => {
    const outside = join(folder, 'outside');
    await mkdir(outside);
    await writeFile(join(outside, 'secret.md'), 'outside\n');
    await symlink(outside, at('docs/door'));
    await symlink(join(outside, 'secret.md'), at('docs/file.md'));
    await link(join(outside, 'secret.md'), at('docs/hard.md'));
    await writeFile(at('docs/.env'), 'KEY=other\n');
    await writeFile(at('docs/large.md'), 'x'.repeat((1 << 20) + 1));
    await writeFile(at('docs/bad\nname.md'), 'x');
    execFileSync('mkfifo', [at('docs/pipe.md')]);
    await writeFile(at('docs/fine.md'), 'fine\n');
    expect(await looked()).toEqual(['docs/fine.md: fine']);
  });

  it('reads nothing of a folder that became a link', async () => {
    await rename(at('docs/sub'), at('docs/moved'));
    await symlink(join(folder, 'base'), at('docs/sub'));
    expect(await looked()).toEqual(['docs/moved/b.md: # B']);
  });

  it('is no build that the base ignores, nor gone because it is ignored', async () => {
    open({ ignored: async (entries) => new Set(entries.flatMap(({ path }) => (path === 'docs/dist' ? [path] : []))) });
    await mkdir(at('docs/dist'));
    await writeFile(at('docs/dist/x.js'), 'x');
    live.note('docs/dist/x.js', Buffer.from('x'));
    await writeFile(at('docs/a.md'), '# Aye\n');
    expect(await looked()).toEqual(['docs/a.md: # Aye']);
  });

  it('costs a question about what is ignored once for each name, and none for what the base has', async () => {
    const asked: string[] = [];
    const ignored: LiveTree['ignored'] = async (entries) => {
      asked.push(...entries.map(({ path, isFolder }) => (isFolder ? `${path}/` : path)));
      return new Set(entries.flatMap(({ path, isFolder }) => (path.endsWith('build') && isFolder ? [path] : [])));
    };
    open({ ignored });
    await mkdir(at('docs/build'));
    for (const path of ['docs/build/x.js', 'docs/sub/b.md', 'docs/sub/new.md']) await writeFile(at(path), 'x\n');
    expect(await looked()).toEqual(['docs/sub/b.md: x', 'docs/sub/new.md: x']);
    expect(await looked()).toEqual([]);
    expect(asked).toEqual(['docs/build/', 'docs/sub/new.md']);
    await rm(at('docs/build'), { recursive: true });
    await writeFile(at('docs/build'), 'a file now\n');
    expect(await looked()).toEqual(['docs/build: a file now']);
  });

  it('comes in parts where it is much, and all of it in the end', async () => {
    const names = Array.from({ length: 60 }, (_, index) => `docs/n-${String(index).padStart(2, '0')}.md`);
    for (const name of names) await writeFile(at(name), name);
    const parts = [await looked(), await looked(), await looked()];
    expect(parts.map(({ length }) => length)).toEqual([50, 10, 0]);
    expect(parts.flat()).toEqual(names.map((name) => `${name}: ${name}`));
  });

  it('has a rest in the end: what no look has seen', async () => {
    await writeFile(at('docs/a.md'), '# Aye\n');
    await live.look();
    const collected = [
      { path: 'docs/a.md', content: Buffer.from('# Aye\n') },
      { path: 'docs/late.md', content: Buffer.from('late\n') },
      { path: 'docs/x.env', content: Buffer.from('KEY=x\n') },
    ];
    expect(live.rest(collected).map(({ path }) => path)).toEqual(['docs/late.md']);
    expect(live.rest(collected)).toEqual([]);
  });
});
