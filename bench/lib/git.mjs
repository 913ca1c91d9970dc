import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';

/** The same for the peers as for us: no configuration of this machine, everything that is written is synced. */
export const GIT_ENVIRONMENT = {
  PATH: process.env.PATH,
  HOME: '/nonexistent',
  LC_ALL: 'C',
  TZ: 'UTC',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_COUNT: '3',
  GIT_CONFIG_KEY_0: 'core.fsync',
  GIT_CONFIG_VALUE_0: 'all',
  GIT_CONFIG_KEY_1: 'gc.auto',
  GIT_CONFIG_VALUE_1: '0',
  GIT_CONFIG_KEY_2: 'init.defaultBranch',
  GIT_CONFIG_VALUE_2: 'main',
  GIT_AUTHOR_NAME: 'Bench',
  GIT_AUTHOR_EMAIL: 'bench@localhost',
  GIT_AUTHOR_DATE: '1700000000 +0000',
  GIT_COMMITTER_NAME: 'Bench',
  GIT_COMMITTER_EMAIL: 'bench@localhost',
  GIT_COMMITTER_DATE: '1700000000 +0000',
};

/** Runs a program to its end; gives what it wrote. `input`: chunks for its standard input. */
export const runProgram = async (program, args, { cwd, input = [], env = GIT_ENVIRONMENT, answers = [0] } = {}) => {
  const child = spawn(program, args, { cwd, env, stdio: ['pipe', 'pipe', 'pipe'] });
  const output = [];
  const errors = [];
  child.stdout.on('data', (chunk) => output.push(chunk));
  child.stderr.on('data', (chunk) => errors.push(chunk));
  child.stdin.on('error', () => undefined);
  const closed = once(child, 'close');
  for (const chunk of input) if (!child.stdin.write(chunk)) await Promise.race([once(child.stdin, 'drain'), closed]);
  child.stdin.end();
  const [code, signal] = await closed;
  if (!answers.includes(code))
    throw new Error(
      `${program} ${args.join(' ')} ended with ${signal ?? code}: ${Buffer.concat(errors).toString().slice(-500)}`,
    );
  return Buffer.concat(output).toString();
};

export const git = (cwd, ...args) => runProgram('git', args, { cwd });

/** A fast-import stream of one commit with these files: `[path, content]`. */
const importStream = function* (files) {
  yield 'commit refs/heads/main\ncommitter Bench <bench@localhost> 1700000000 +0000\ndata 4\nBase\n';
  for (const [path, content] of files) {
    const bytes = Buffer.from(content);
    yield `M 100644 inline ${path}\ndata ${bytes.length}\n`;
    yield bytes;
    yield '\n';
  }
};

/** A repository of one commit in one pack. Without a checkout unless it is asked for. */
export const makeRepository = async (path, files, { checkout = false } = {}) => {
  await mkdir(path, { recursive: true });
  await git(path, 'init', '-q');
  await runProgram('git', ['fast-import', '--quiet'], { cwd: path, input: importStream(files) });
  await git(path, 'repack', '-adq');
  await git(path, 'read-tree', 'HEAD');
  if (checkout) await git(path, 'checkout-index', '-aqf');
  return path;
};
