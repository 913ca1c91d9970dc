import { spawn } from 'node:child_process';
import { access, chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { bwrap } from './bwrap.fixture.js';
import { runInSandbox, type SandboxOptions } from './run-in-sandbox.js';
import type { Bubblewrap } from './bubblewrap.js';
import { bwrapCall } from './bwrap-profile.js';
import { LAUNCH } from './child-run.js';
import { toolchainOf } from './toolchain.js';

let folder: string;
let directory: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hyper-run-sandbox-'));
  directory = join(folder, 'tree');
  await mkdir(directory);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const confined = (command: string, options: Partial<SandboxOptions> = {}) =>
  runInSandbox({ bwrap: bwrap as Bubblewrap, command, directory, timeoutMs: 15_000, ...options });
const said = async (command: string, options: Partial<SandboxOptions> = {}) =>
  (await confined(command, options)).output.toString();
const exists = (path: string) => access(path).then(() => true, () => false); // prettier-ignore
const inSandbox = bwrap ? describe : describe.skip;

inSandbox('an ordinary command', () => {
  it('writes its directory, its home and its /tmp', async () => {
    const run = await confined('echo a > made && echo b > ~/b && echo c > /tmp/c && cat ~/b /tmp/c && pwd');
    expect(run).toMatchObject({ outcome: 'exited', exitCode: 0, signal: null, truncated: false });
    expect(run.output.toString()).toBe('b\nc\n/repository\n');
    expect(await readFile(join(directory, 'made'), 'utf8')).toBe('a\n');
  });

  it('finds node and npm', async () => {
    await writeFile(join(directory, 'a.test.js'), "require('node:test')('adds', () => {});");
    await writeFile(join(directory, 'package.json'), '{"scripts":{"test":"node --test"}}');
    expect(await said('npm test 2>&1')).toMatch(/pass 1/);
  });

  it('gives its exit code, its two outputs in the order of time, and how long it took', async () => {
    const run = await confined('echo one; echo two >&2; echo three > /dev/stdout; echo four > /dev/stderr; exit 3');
    expect(run.output.toString()).toBe('one\ntwo\nthree\nfour\n');
    expect(run).toMatchObject({ outcome: 'exited', exitCode: 3 });
    expect(run.durationMs).toBeGreaterThan(0);
  });

  it('shows what lies deep below /tmp and below its home, where everything else is its own', async () => {
    await mkdir(join(folder, 'modules'), { recursive: true });
    await writeFile(join(folder, 'modules/x'), 'shown\n');
    const host = join(folder, 'modules');
    const readOnly = ['/tmp/a/b/modules', '/home/agent/c/d/modules'].map((inside) => ({ host, inside }));
    expect(await said('cat /tmp/a/b/modules/x ~/c/d/modules/x; echo own > /tmp/own; cat /tmp/own', { readOnly })).toBe(
      'shown\nshown\nown\n',
    );
  });

  it('reads what is mounted read-only, also inside of the directory', async () => {
    await mkdir(join(folder, 'modules'));
    await writeFile(join(folder, 'modules', 'x'), 'there');
    const readOnly = [{ host: join(folder, 'modules'), inside: '/repository/node_modules' }];
    const run = await confined('cat node_modules/x; echo no > node_modules/x', { readOnly });
    expect(run.output.toString()).toMatch(/^there.*Read-only file system/s);
    expect(await readFile(join(folder, 'modules', 'x'), 'utf8')).toBe('there');
  });

  it('has empty, writable folders on top of them where it is given some', async () => {
    await mkdir(join(folder, 'modules', '.cache'), { recursive: true });
    const readOnly = [{ host: join(folder, 'modules'), inside: '/repository/node_modules' }];
    const scratch = ['/repository/node_modules/.cache'];
    expect(await said('echo x > node_modules/.cache/x && cat node_modules/.cache/x', { readOnly, scratch })).toBe(
      'x\n',
    );
    expect(await exists(join(folder, 'modules', '.cache', 'x'))).toBe(false);
  });
});

inSandbox('a hostile command', () => {
  it('writes nothing outside of its directory', async () => {
    await symlink(folder, join(directory, 'link'));
    const targets = [
      `${folder}/a`,
      '../b',
      '/usr/c',
      '/etc/d',
      '/e',
      'link/f',
      '/proc/sys/kernel/core_pattern',
      '/dev/g',
    ];
    for (const target of targets.slice(0, 6))
      expect(await said(`echo x > ${target} || echo denied`)).toContain('denied');
    expect(await exists(join(folder, 'a'))).toBe(false);
    expect(await exists(join(folder, 'f'))).toBe(false);
  });

  it('sees no file of the host but the system and what it was given', async () => {
    await writeFile(join(folder, 'secret'), 'secret');
    expect(await said(`cat ${folder}/secret; cat /proc/1/root${folder}/secret; cat /etc/shadow; ls /home /mnt`)).not.toMatch(/secret\n|root:[^x]/); // prettier-ignore
    expect(await said('ls /home')).toBe('agent\n');
  });

  it('neither reads nor changes .git', async () => {
    await mkdir(join(directory, '.git', 'hooks'), { recursive: true });
    await writeFile(join(directory, '.git', 'config'), 'url = https://user:token@host');
    expect(await said('cat .git/config; echo x > .git/hooks/post-checkout; rm -rf .git; ls .git')).not.toContain(
      'token',
    );
    expect(await exists(join(directory, '.git', 'config'))).toBe(true);
    expect(await exists(join(directory, '.git', 'hooks', 'post-checkout'))).toBe(false);
  });

  it('neither reads nor changes a .git that is a file', async () => {
    await writeFile(join(directory, '.git'), 'gitdir: /elsewhere');
    expect(await said('cat .git; echo gitdir: evil > .git')).not.toContain('elsewhere');
    expect(await readFile(join(directory, '.git'), 'utf8')).toBe('gitdir: /elsewhere');
  });

  it('does not get a mount redirected by a link of the tree', async () => {
    await symlink('/etc', join(directory, 'node_modules'));
    const readOnly = [{ host: folder, inside: '/repository/node_modules' }];
    await expect(confined('true', { readOnly })).rejects.toMatchObject({ code: 'sandbox.link-in-the-way' });
  });

  it('sees no variable of ours, and those that it is given', async () => {
    process.env['HYPER_RUN_TEST_SECRET'] = 'secret';
    try {
      const env = await said('env; cat /proc/*/environ | tr "\\0" "\\n"', { env: { GIVEN: 'yes' } });
      expect(env).toContain('GIVEN=yes');
      expect(env).not.toContain('HYPER_RUN_TEST_SECRET');
    } finally {
      delete process.env['HYPER_RUN_TEST_SECRET'];
    }
  });

  it('has no open descriptor but its output', async () => {
    const list = await said('ls -l /proc/self/fd');
    const leads = [...list.matchAll(/ (\d+) -> (.*)$/gm)].filter(
      ([, , to]) => to !== '/dev/null' && !to?.startsWith('/proc/'),
    );
    expect(leads.map(([, descriptor]) => descriptor)).toEqual(['1', '2']);
  });

  it('has no capability, no terminal and no input', async () => {
    expect(await said('grep CapEff /proc/self/status; grep NoNewPrivs /proc/self/status')).toMatch(
      /0{16}\nNoNewPrivs:\t1/,
    );
    expect(await said('cat; (: < /dev/tty) 2>/dev/null || echo none')).toBe('none\n');
  });

  it('does not keep us waiting with a process that holds its output open', async () => {
    const run = await confined('setsid sleep 60 & echo done');
    expect(run).toMatchObject({ outcome: 'exited', exitCode: 0 });
    expect(run.durationMs).toBeLessThan(5_000);
  });

  it('ends with its time, whatever it waits for', async () => {
    const run = await confined('mkfifo p; trap "" TERM INT HUP; echo before; cat p', { timeoutMs: 700 });
    expect(run).toMatchObject({ outcome: 'timed-out', exitCode: null });
    expect(run.output.toString()).toBe('before\n');
  });

  it('ends when it is called off', async () => {
    const calledOff = new AbortController();
    const run = await confined('echo on; sleep 60', { signal: calledOff.signal, onOutput: () => calledOff.abort() });
    expect(run).toMatchObject({ outcome: 'cancelled', exitCode: null });
  });

  it('does not start when it was called off before', async () => {
    const run = await confined('echo x > made', { signal: AbortSignal.abort() });
    expect(run.outcome).toBe('cancelled');
    expect(await exists(join(directory, 'made'))).toBe(false);
  });

  it('cannot fill the memory with files', async () => {
    const run = await said('head -c 20000000 /dev/zero > /tmp/x; head -c 20000000 /dev/zero > ~/x; ls -s /tmp/x', {
      tmpSizeMb: 4,
    });
    expect(run.match(/No space left/g)).toHaveLength(2);
  });
});

describe('a sandbox that cannot be', () => {
  it('is never taken for a command that failed', async () => {
    const broken: Bubblewrap = {
      path: '/bin/false',
      env: {},
      features: { user: 'namespace', noNestedNamespaces: false, limits: false },
    };
    expect(await confined('true', { bwrap: broken })).toMatchObject({ outcome: 'could-not-start', exitCode: null });
    const absent = { ...broken, path: '/nowhere/bwrap' };
    const run = await confined('true', { bwrap: absent });
    expect(run.outcome).toBe('could-not-start');
    expect(run.output.toString()).toContain('ENOENT');
  });

  (bwrap ? it : it.skip)('tells why', async () => {
    const readOnly = [{ host: join(folder, 'absent'), inside: '/x' }];
    const run = await confined('true', { readOnly });
    expect(run.outcome).toBe('could-not-start');
    expect(run.output.toString()).toMatch(/absent/);
  });
});

/** Starts the sandbox as we do, in a process that can be killed. */
const STARTER = `
const { file, args, inputs } = JSON.parse(process.argv[1]);
const stdio = ['ignore', 'ignore', 'ignore', 'pipe', 'pipe', ...inputs.map(() => 'pipe')];
const child = require('child_process').spawn(file, args, { detached: true, stdio });
inputs.forEach((input, index) => child.stdio[5 + index].end(input));
setInterval(() => {}, 1000);`;

inSandbox('the death of the one who started it', () => {
  it('ends the command', async () => {
    const { path: file, features } = bwrap as Bubblewrap;
    const mark = `sleep 6${process.pid}`;
    const command = `${mark} & echo x > started; wait`;
    const tree = { source: directory, visible: directory };
    const profile = { features, tree, readOnly: [], scratch: [], network: false, env: {}, tmpSizeMb: 8 };
    await chmod(directory, 0o777);
    const call = await bwrapCall({ ...profile, launch: [LAUNCH, command], toolchain: toolchainOf(), uid: 61_184 });
    const starter = spawn(process.execPath, ['-e', STARTER, JSON.stringify({ file, ...call })], { stdio: 'ignore' });
    await until(() => exists(join(directory, 'started')));
    expect(await running(mark)).toBe(true);
    starter.kill('SIGKILL');
    await until(async () => !(await running(mark)));
  });
});

const until = async (condition: () => Promise<boolean>) => {
  for (const end = Date.now() + 10_000; !(await condition()); await delay(10))
    if (Date.now() > end) throw new Error('It did not become so within 10 s.');
};

const running = async (commandLine: string) => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return lines.some((line) => line.replaceAll('\0', ' ').trim() === commandLine);
};
