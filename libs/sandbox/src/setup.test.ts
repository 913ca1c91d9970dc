import { access, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { bwrap } from './bwrap.fixture.js';
import { prepareSetup } from './setup.js';
import { verifyTree } from './verify-tree.js';

let folder: string;
let checkouts: number;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hyper-run-setup-'));
  checkouts = 0;
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const FILES = { 'package.json': '{"name":"a"}', 'sub/package.json': '{}', 'src/a.js': '' };
const checkout = async (files: Readonly<Record<string, string>> = FILES) => {
  const directory = join(folder, `checkout-${(checkouts += 1)}`);
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(directory, path, '..'), { recursive: true });
    await writeFile(join(directory, path), content);
  }
  return directory;
};
const isolation = bwrap ? 'bwrap' : 'none';
const INSTALL =
  'mkdir -p node_modules/x sub/node_modules && echo x > node_modules/x/x && date +%s%N > sub/node_modules/y';
const cacheDirectory = () => join(folder, 'cache');
const setUp = async (command = INSTALL, files: Readonly<Record<string, string>> = FILES, tree = 'one tree') =>
  prepareSetup({
    directory: await checkout(files),
    files: Object.keys(files),
    commands: [{ name: 'install', command, origin: 'a test' }],
    tree,
    cacheDirectory: cacheDirectory(),
    hosts: [],
    timeoutSeconds: 20,
    isolation,
    bwrap,
  });
const hosts = (mounts: readonly { host: string }[]) => mounts.map(({ host }) => host);

describe('a set-up', () => {
  it('is made again for another tree, unless it only installs packages', async () => {
    await setUp('mkdir dist && echo built > dist/x');
    expect((await setUp('mkdir dist && echo built > dist/x')).reused).toBe(true);
    expect((await setUp('mkdir dist && echo built > dist/x', FILES, 'another tree')).reused).toBe(false);
    await setUp('npm install --ignore-scripts', { 'package.json': '{}' });
    expect((await setUp('npm install --ignore-scripts', { 'package.json': '{}' }, 'another tree')).reused).toBe(true);
  });

  it('keeps what it made, at any depth, for the runs that follow', async () => {
    const { mounts, passed, reused, scratch } = await setUp();
    expect({ passed, reused }).toEqual({ passed: true, reused: false });
    expect(mounts.map(({ inside }) => inside).toSorted()).toEqual([
      '/repository/node_modules',
      '/repository/sub/node_modules',
    ]);
    const command = { name: 'x', command: 'cat node_modules/x/x sub/node_modules/y', origin: '' };
    const directory = await checkout();
    const steps = await verifyTree({
      directory,
      commands: [command],
      timeoutSeconds: 20,
      isolation,
      bwrap,
      readOnly: mounts,
      scratch,
    });
    expect(steps).toMatchObject([{ outcome: 'passed', output: { tail: expect.stringMatching(/^x\n\d+\n$/) } }]);
  });

  it('is done once for the same manifests and commands', async () => {
    const first = await setUp();
    const again = await setUp(INSTALL, { ...FILES, 'src/a.js': 'changed' });
    expect(again).toMatchObject({ reused: true, passed: true, steps: [], mounts: first.mounts });
  });

  it('is done anew for other manifests or commands', async () => {
    const first = await setUp();
    const manifests = await setUp(INSTALL, { ...FILES, 'package.json': '{"name":"b"}' });
    const commands = await setUp(`${INSTALL} && true`);
    expect(hosts([...first.mounts, ...manifests.mounts, ...commands.mounts])).toHaveLength(6);
    expect(new Set(hosts([...first.mounts, ...manifests.mounts, ...commands.mounts])).size).toBe(6);
  });

  it('leaves nothing when it fails', async () => {
    const result = await setUp(`${INSTALL} && exit 1`);
    expect(result).toMatchObject({ passed: false, mounts: [], steps: [{ outcome: 'failed' }] });
    await expect(access(cacheDirectory())).rejects.toThrow('ENOENT');
  });

  it('done twice at the same time has one result', async () => {
    const [one, two] = await Promise.all([setUp(), setUp()]);
    expect(one.mounts).toEqual(two.mounts);
    expect(await readdir(cacheDirectory())).toHaveLength(1);
    expect(await readFile(join(one.mounts[0]?.host ?? '', 'x', 'x'), 'utf8')).toBe('x\n');
  });

  it('cannot have a place of the host mounted', async () => {
    const result = await setUp('ln -s /etc node_modules; mkdir made');
    expect(result.mounts.map(({ inside }) => inside)).toEqual(['/repository/made']);
  });
});
