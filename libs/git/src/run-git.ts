import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { HyperRunError, isHyperRunError } from '#contracts';

/** Where new objects go and where known ones are looked for, when not in the repository itself. */
export interface ObjectDirectories {
  readonly directory: string;
  readonly alternates: readonly string[];
}

export interface GitCall {
  readonly gitDir?: string;
  /** Default: no work tree at all, so that nothing (attributes, ignore rules) is read from one. */
  readonly workTree?: string;
  readonly cwd?: string;
  readonly objects?: ObjectDirectories;
  readonly indexFile?: string;
  /** False: for a subcommand that refuses to be told that paths are no patterns. */
  readonly literalPaths?: boolean;
  /** Configuration for this call, over the repository's own. */
  readonly config?: Readonly<Record<string, string>>;
}

export interface GitRun extends GitCall {
  readonly input?: Buffer | string;
  /** Default 60 s. */
  readonly timeoutMs?: number;
  /** Default 256 MiB. */
  readonly maxOutputBytes?: number;
  /** Exit codes that are an answer, not a failure. Default: 0 alone. */
  readonly answers?: readonly number[];
  readonly signal?: AbortSignal;
}

export interface GitResult {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

const MAX_STDERR_BYTES = 64 * 1024;

const FIXED_CONFIG: Readonly<Record<string, string>> = {
  'core.hooksPath': '/dev/null',
  'core.fsmonitor': 'false',
  'core.sshCommand': 'false',
  'core.attributesFile': '/dev/null',
  'core.pager': 'cat',
  'core.filesRefLockTimeout': '5000',
  'protocol.allow': 'never',
  'credential.helper': '',
  'gc.auto': '0',
  'maintenance.auto': 'false',
  'blame.ignoreRevsFile': '',
};

/** Nothing of our own environment reaches git but the way to programs and to temporary files. */
const environment = (call: GitCall): NodeJS.ProcessEnv => {
  const config = Object.entries(call.config ?? {});
  return {
    PATH: process.env['PATH'],
    TMPDIR: process.env['TMPDIR'],
    HOME: '/nonexistent',
    XDG_CONFIG_HOME: '/nonexistent',
    LC_ALL: 'C',
    TZ: 'UTC',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_SYSTEM: '/dev/null',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_NO_LAZY_FETCH: '1',
    GIT_GRAFT_FILE: '/dev/null',
    // Even diff-tree reads an index if there is one: 12 ms at 57,000 files, and its format might be one it cannot read.
    GIT_INDEX_FILE: call.indexFile ?? (call.workTree === undefined ? '/nonexistent/index' : undefined),
    GIT_OBJECT_DIRECTORY: call.objects?.directory,
    GIT_ALTERNATE_OBJECT_DIRECTORIES: call.objects?.alternates.map(quoted).join(':'),
    GIT_CONFIG_COUNT: String(config.length),
    ...Object.fromEntries(
      config.flatMap(([key, value], i) => [
        [`GIT_CONFIG_KEY_${i}`, key],
        [`GIT_CONFIG_VALUE_${i}`, value],
      ]),
    ),
  };
};

/** git splits the list at colons unless an entry is quoted as in C. */
const quoted = (directory: string) =>
  /[:"\\\n]/.test(directory)
    ? `"${directory.replaceAll(/["\\]/g, '\\$&').replaceAll('\n', String.raw`\n`)}"`
    : directory;

const globalArguments = (call: GitCall): string[] => [
  ...(call.literalPaths === false ? [] : ['--literal-pathspecs']),
  '--no-pager',
  ...Object.entries(FIXED_CONFIG).flatMap(([key, value]) => ['-c', `${key}=${value}`]),
  ...(call.gitDir === undefined
    ? []
    : [
        ...['-c', `safe.directory=${call.gitDir}`, '-c', `safe.directory=${call.workTree ?? call.gitDir}`],
        ...[`--git-dir=${call.gitDir}`, `--work-tree=${call.workTree ?? '/dev/null'}`],
      ]),
];

/** Starts git with the hardened environment; for conversations (`cat-file --batch`). Who starts it ends it. */
export const spawnGit = (args: readonly string[], call: GitCall): ChildProcessWithoutNullStreams =>
  spawn('git', [...globalArguments(call), ...args], {
    cwd: call.cwd ?? call.workTree ?? call.gitDir ?? '/',
    env: environment(call),
    stdio: ['pipe', 'pipe', 'pipe'],
  });

/**
 * Runs git once: no shell, no hooks, no system or user configuration, no network, no prompt, no replaced objects.
 * `args` are fixed words and validated object names; paths and other foreign text go after `--` or through `input`.
 * @throws HyperRunError git.missing, git.failed, git.timed-out, git.output-too-large, git.aborted
 */
export const runGit = (args: readonly string[], run: GitRun = {}): Promise<GitResult> =>
  new Promise((resolve, reject) => {
    const limits = { timeoutMs: run.timeoutMs ?? 60_000, maxOutputBytes: run.maxOutputBytes ?? 256 * 1024 * 1024 };
    const child = spawnGit(args, run);
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let received = 0;
    let failure: HyperRunError | undefined;
    const give = (error: HyperRunError) => {
      failure ??= error;
      child.kill('SIGKILL');
      child.stdout.destroy();
      child.stderr.destroy();
    };
    const timer = setTimeout(() => give(timedOut(args, limits.timeoutMs)), limits.timeoutMs);
    const abort = () => give(new HyperRunError('git.aborted', `git ${args[0]} was called off.`, {}, 'retry'));
    run.signal?.addEventListener('abort', abort, { once: true });
    if (run.signal?.aborted) abort();

    child.stdout.on('data', (chunk: Buffer) => {
      received += chunk.length;
      if (received > limits.maxOutputBytes) give(tooLarge(args, limits.maxOutputBytes));
      else stdout.push(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      if (stderr.reduce((sum, part) => sum + part.length, 0) < MAX_STDERR_BYTES) stderr.push(chunk);
    });
    // git may end before it has read all of its input; its exit code tells what that means.
    child.stdin.on('error', () => undefined);
    child.on('error', (error) => (failure ??= couldNotStart(error)));
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      run.signal?.removeEventListener('abort', abort);
      const result = { exitCode: code ?? -1, stdout: Buffer.concat(stdout), stderr: printable(Buffer.concat(stderr)) };
      if (failure) reject(failure);
      else if (code !== null && (run.answers ?? [0]).includes(code)) resolve(result);
      else reject(gitFailed(args, result, signal));
    });
    child.stdin.end(run.input ?? '');
  });

/** Text of git's for a person: control characters gone, the last 2,000 characters. */
export const printable = (bytes: Buffer) =>
  bytes
    .toString('utf8')
    .replaceAll(/[^\P{Cc}\n]|\p{Bidi_Control}/gu, '\uFFFD')
    .trim()
    .slice(-2000);

export const gitFailed = (args: readonly string[], result: Omit<GitResult, 'stdout'>, signal: string | null = null) =>
  new HyperRunError(
    'git.failed',
    `git ${args[0]} ended with ${signal ?? `exit code ${result.exitCode}`}: ${result.stderr || 'no message'}`,
    { subcommand: args[0], exitCode: result.exitCode, stderr: result.stderr },
    'operator',
  );

const timedOut = (args: readonly string[], ms: number) =>
  new HyperRunError('git.timed-out', `git ${args[0]} did not end within ${ms} ms and was killed.`, { ms }, 'retry');

const tooLarge = (args: readonly string[], limit: number) =>
  new HyperRunError('git.output-too-large', `git ${args[0]} wrote more than ${limit} bytes and was killed.`, { limit });

const couldNotStart = (error: Error) =>
  new HyperRunError(
    'git.missing',
    `git could not be started (${error.message}). Install git 2.34 or later and have it on PATH.`,
    {},
    'operator',
    { cause: error },
  );

export const isGitFailure = (error: unknown): error is HyperRunError => isHyperRunError(error, 'git.failed');
