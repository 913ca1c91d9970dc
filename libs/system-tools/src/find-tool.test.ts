import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { findTool } from './index.js';

const run = promisify(execFile);
let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'hyper-run-tools-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));

const script = async (name: string, body: string) => {
  await mkdir(join(folder, 'bin'), { recursive: true });
  await writeFile(join(folder, 'bin', name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
};
const cacheDir = () => join(folder, 'cache');
const hasApt = await run('apt-get', ['--version']).then(() => true, () => false); // prettier-ignore

describe('a program on PATH', () => {
  it('is used when it runs', async () => {
    await script('redis-server', 'echo "Redis server v=7.2.4 sha=0"');
    const tool = await findTool('redis-server', { path: join(folder, 'bin'), cacheDir: cacheDir() });
    expect(tool).toMatchObject({
      path: join(folder, 'bin', 'redis-server'),
      env: {},
      origin: 'path',
      version: '7.2.4',
    });
  });

  it('may be valkey-server', async () => {
    await script('valkey-server', 'echo "Server v=8.0.1 sha=0"');
    const tool = await findTool('redis-server', { path: join(folder, 'bin'), cacheDir: cacheDir() });
    expect(tool).toMatchObject({ path: join(folder, 'bin', 'valkey-server'), version: '8.0.1' });
  });

  it('is passed over when it does not run', async () => {
    await script('redis-server', 'exit 127');
    await script('valkey-server', 'echo "Server v=8.0.1 sha=0"');
    const tool = await findTool('redis-server', { path: join(folder, 'bin'), cacheDir: cacheDir() });
    expect(tool.path).toBe(join(folder, 'bin', 'valkey-server'));
  });
});

describe('a machine without the programs and without apt', () => {
  it('is told one line per system', async () => {
    const before = process.env['PATH'];
    process.env['PATH'] = join(folder, 'bin');
    try {
      await expect(findTool('redis-server', { cacheDir: cacheDir() })).rejects.toMatchObject({
        code: 'tool.missing',
        actor: 'operator',
        message: expect.stringMatching(/apt-get install redis-server[\s\S]*dnf[\s\S]*apk[\s\S]*pacman[\s\S]*brew/),
      });
    } finally {
      process.env['PATH'] = before;
    }
  });
});

(hasApt ? describe : describe.skip)('a Debian machine without the programs', () => {
  it('gets both from the packages of the distribution, once for two that ask at the same time', async () => {
    const lines: string[] = [];
    const options = { path: '', cacheDir: cacheDir(), log: (line: string) => void lines.push(line) };
    const [redis, again, bwrap] = await Promise.all([
      findTool('redis-server', options),
      findTool('redis-server', options),
      findTool('bwrap', options),
    ]);
    expect(redis).toMatchObject({ origin: 'provisioned', version: expect.stringMatching(/^\d+\./) });
    expect(again).toEqual(redis);
    expect(bwrap.origin).toBe('provisioned');
    expect(lines.filter((line) => line.includes('redis-server is not on PATH'))).toHaveLength(1);
    expect((await readdir(cacheDir())).every((name) => !/\.lock$|\.\d+\./.test(name))).toBe(true);
    expect((await stat(cacheDir())).mode & 0o777).toBe(0o700);
    const { stdout } = await run(redis.path, ['--version'], { env: { ...redis.env } });
    expect(stdout).toContain(redis.version);
  });
});
