import { randomUUID } from 'node:crypto';
import { access, mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { hyperRun } from '../context.fixture.js';

describe('clean', () => {
  let root: string;
  let env: NodeJS.ProcessEnv;
  let leftOver: readonly string[];
  let kept: readonly string[];
  const sha = 'a'.repeat(64);
  const isThere = (path: string) => access(path).then(() => true, () => false); // prettier-ignore
  const there = (paths: readonly string[]) => Promise.all(paths.map(isThere));

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'hyper-run-clean-'));
    const [data, cache] = [join(root, 'data'), join(root, 'cache', 'hyper-run')];
    // No service answers there.
    const nowhere = { HYPER_RUN_URL: 'http://127.0.0.1:1', HYPER_RUN_TOKEN: 'nobody-asks-for-it' };
    env = { ...nowhere, HYPER_RUN_DATA_DIR: data, XDG_CACHE_HOME: join(root, 'cache') };
    const artifacts = join(data, 'artifacts', 'aa');
    await mkdir(artifacts, { recursive: true });
    // Of a worker that is gone: a candidate with its objects, and the two layers of an overlay.
    const task = join(data, 'work', 'w-gone', 't-1');
    for (const folder of ['objects/ab', 'workspace/upper/docs', 'workspace/work'])
      await mkdir(join(task, folder), { recursive: true });
    await writeFile(join(task, 'objects', 'ab', 'cd'), 'object', { mode: 0o444 });
    const checkouts = join(cache, 'checkouts', 'r-1');
    await mkdir(join(checkouts, 'whole'), { recursive: true });
    const [artifact, checkout] = [join(artifacts, `${sha}.${randomUUID()}`), join(checkouts, `draft-${randomUUID()}`)];
    await writeFile(artifact, 'half');
    await mkdir(checkout);
    for (const path of [artifact, checkout]) await utimes(path, 0, 0);
    const [archives, young] = [join(data, 'archive'), join(checkouts, `draft-${randomUUID()}`)];
    for (const folder of [join(archives, 'aa'), young]) await mkdir(folder, { recursive: true });
    const archive = join(archives, 'aa', `${sha}.ndjson.gz`);
    const draft = join(archives, `${randomUUID()}.draft`);
    // No process has a number as large as that.
    const [dead, living] = [4_194_305, process.pid].map((pid) => join(data, `m.${pid}.0123ab`));
    const whole = [join(artifacts, sha), archive, String(living)];
    for (const path of [...whole, draft, String(dead)]) await writeFile(path, 'whole');
    leftOver = [artifact, checkout, draft, String(dead), join(data, 'work', 'w-gone')];
    kept = [...whole, young, join(checkouts, 'whole')];
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  it('removes candidates, overlays, checkouts, artefacts, archives and sockets of processes that are gone, and nothing that is whole', async () => {
    const { code, message, lines } = await hyperRun(['clean'], undefined, env);
    expect([code, message]).toEqual([0, undefined]);
    for (const path of leftOver) expect(lines.join('\n')).toContain(path);
    expect([await there(leftOver), await there(kept)]).toEqual([leftOver.map(() => false), kept.map(() => true)]);
  });
  it('only shows them when it is told to', async () => {
    const { lines } = await hyperRun(['clean', '--dry-run'], undefined, env);
    for (const path of leftOver) expect(lines.join('\n')).toContain(path);
    expect(await there(leftOver)).toEqual(leftOver.map(() => true));
  });
});
