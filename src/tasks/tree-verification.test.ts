import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Oid } from '#contracts';
import { GitRepository } from '#git';
import { buildCandidate, compileScope, VirtualTree } from '#workspace';
import { makeRepository } from '../../test/harness/repositories.js';
import type { ArtifactStore } from '../artifacts/artifact-store.port.js';
import { loadConfig } from '../config/config.js';
import { IsolationLevel, type Measured } from '../isolation/isolation-level.port.js';
import { Checkouts } from './checkouts.js';
import { TreeVerification, type TreeRun } from './tree-verification.js';

const measured = await new IsolationLevel({}).measured();
const { bwrap } = measured;
const none: Measured = { level: 'none', why: 'for this test' };
const copied: Measured = { level: 'bwrap', why: 'for this test', ...(bwrap && { bwrap }) };
const levels = [...(bwrap ? [measured, copied] : []), none].map((level) => [level.level, level] as const);

const FILES = {
  'docs/a.md': 'one\n',
  'docs/gone.md': 'gone\n',
  'src/x.js': 'x\n',
  'tests/a.test.js': 'strict\n',
  'package.json': '{}\n',
  'make.sh': 'mkdir node_modules && echo made > node_modules/x && echo >> runs && cp runs made-$(wc -l < runs)\n',
};

let folder: string;
let repository: GitRepository;
let base: Oid;
const cacheHome = process.env['XDG_CACHE_HOME'];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hyper-run-verification-'));
  repository = await GitRepository.open(await makeRepository(folder, 'pages', FILES));
  base = await repository.head();
  process.env['XDG_CACHE_HOME'] = join(folder, 'cache');
});
afterAll(async () => {
  repository.close();
  if (cacheHome === undefined) delete process.env['XDG_CACHE_HOME'];
  else process.env['XDG_CACHE_HOME'] = cacheHome;
  await rm(folder, { recursive: true, force: true });
});

describe.each(levels)('the verification of a tree, isolation %s', (name, level) => {
  const config = loadConfig({ HYPER_RUN_DATA_DIR: '/nonexistent', HYPER_RUN_ALLOW_UNCONFINED: 'true' });
  const isolation = { measured: () => Promise.resolve(level) } as unknown as IsolationLevel;
  const artifacts = { putText: () => Promise.resolve('0'.repeat(64)) } as unknown as ArtifactStore;
  const verification = new TreeVerification(artifacts, isolation, new Checkouts(), config);

  let directory: string;
  beforeEach(async () => void (directory = await mkdtemp(join(folder, 'work-'))));
  afterEach(async () => {
    expect((await readdir(directory)).filter((entry) => entry !== 'objects')).toEqual([]);
    expect(await readFile('/proc/mounts', 'utf8').catch(() => '')).not.toContain(folder);
  });

  const command = (text: string) => ({ name: text.slice(0, 20), command: text, origin: 'a test' });
  const run = (setup: readonly string[], ...commands: readonly string[]): TreeRun => ({
    repository,
    base,
    directory,
    verification: { setup: setup.map(command), commands: commands.map(command), setupNetwork: false, timeoutSeconds: 20, weak: false, source: 'file' } as unknown as TreeRun['verification'], // prettier-ignore
    signal: new AbortController().signal,
  });
  const candidate = async () => {
    const tree = await VirtualTree.at({ repository, commit: base, scope: compileScope({ patterns: ['**'] }) });
    await tree.write('docs/a.md', 'two\n');
    await tree.write('docs/new/b.md', 'new\n');
    await tree.write('tests/a.test.js', 'weaker\n');
    await tree.delete('docs/gone.md');
    const privateDirectory = join(directory, 'objects');
    return {
      treeish: (await buildCandidate({ repository, tree, directory: privateDirectory })).tree,
      privateDirectory,
    };
  };
  const said = async (
    text: string,
    more: { readonly restore?: readonly string[] } = {},
    setup: readonly string[] = [],
  ) => {
    const wanted = run(setup, text);
    const ground = await verification.ground();
    const made = await verification.setup(wanted, ground);
    const steps = await verification.steps(wanted, ground, made, { ...(await candidate()), ...more });
    return {
      text: steps[0]?.output.tail,
      outcome: steps[0]?.outcome,
      isolation: ground.isolation,
      reused: made.reused,
    };
  };

  it('sees the candidate, whole, and says how it is confined', async () => {
    expect(await said('cat docs/a.md docs/new/b.md tests/a.test.js src/x.js; ls docs; ls -A')).toMatchObject({
      text: 'two\nnew\nweaker\nx\na.md\nnew\ndocs\nmake.sh\npackage.json\nsrc\ntests\n',
      isolation: name,
    });
  });

  it("is judged by the base's files where they are put back", async () => {
    const restore = ['tests/a.test.js', 'docs/new/b.md'];
    expect(await said('cat docs/a.md tests/a.test.js; ls docs', { restore })).toMatchObject({
      text: 'two\nstrict\na.md\n',
    });
  });

  it('may write everywhere, and no other run sees it', async () => {
    const text = 'ls made docs/made 2>/dev/null; echo x > made && echo x > docs/made && rm -r src && echo done';
    expect(await said(text)).toMatchObject({ text: 'done\n', outcome: 'passed' });
    expect(await said(text)).toMatchObject({ text: 'done\n', outcome: 'passed' });
  });

  it('has what the set-up made, once for all runs, and cannot change it', async () => {
    const text = 'cat node_modules/x && ls -d made-*; echo poison > node_modules/x';
    const first = await said(text, {}, ['sh make.sh']);
    const second = await said(text, {}, ['sh make.sh']);
    expect(second).toMatchObject({ text: expect.stringMatching(/^made\nmade-1\n/), reused: true });
    expect(second.text).toBe(first.text);
  });
});
