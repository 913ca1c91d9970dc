import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { promisify } from 'node:util';
import { type Bubblewrap, watchesOf } from './bubblewrap.js';
import { bwrapCall, type Mount } from './bwrap-profile.js';
import { LAUNCH, runChild } from './child-run.js';
import { behindLoopbacks, loopbackMounts, type Loopback } from './loopback.js';
import type { RunResult } from './run-result.js';
import { toolchainOf } from './toolchain.js';

export interface RunOptions {
  /** Run by `sh -c` in the directory. */
  readonly command: string;
  /** On the host. The only thing of the host that the command can change; in the sandbox it is `/repository`. */
  readonly directory: string;
  readonly timeoutMs: number;
  /** Default 1 MiB: the head and the tail are kept. */
  readonly outputLimitBytes?: number;
  /** In addition to the few variables that programs need; nothing else of our environment gets in. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called when the command prints something: a sign of progress. */
  readonly onOutput?: (() => void) | undefined;
}

export interface SandboxOptions extends RunOptions {
  readonly bwrap: Bubblewrap;
  readonly readOnly?: readonly Mount[] | undefined;
  /** Folders inside that are empty, writable and forgotten, on top of what is mounted. */
  readonly scratch?: readonly string[] | undefined;
  /** `true`: the network of the host, loopback included. */
  readonly network?: boolean;
  /** Ways out of a sandbox without a network. */
  readonly loopbacks?: readonly Loopback[] | undefined;
  /** Of `/tmp` and of the home folder, each. Default 1024. */
  readonly tmpSizeMb?: number;
}

export const DEFAULT_OUTPUT_LIMIT = 1 << 20;

/**
 * Runs a command that can read the system's programs and the directory, write the directory and its own /tmp, and
 * reach nobody. `.git` is masked, capabilities are gone, memory, the number of processes and the size of files are limited.
 * When it returns, every process that the command started has ended.
 *
 * Started as root, the command runs under a user id of its own, to which the directory is given: what lies in the
 * directory must not be hard-linked to files elsewhere. The sandbox ends with the thread that started it.
 * Not limited: the sum of the files in the directory.
 * @throws HyperRunError `sandbox.link-in-the-way`
 */
export const runInSandbox = async (options: SandboxOptions): Promise<RunResult> => {
  const { bwrap, command, loopbacks = [] } = options;
  const directory = await realpath(options.directory);
  // A user id that no person and no service of the system has, so that the limit on processes is this command's alone.
  const uid = randomInt(61_184, 65_520);
  if (bwrap.features.user === 'another') await give(directory, uid);
  const { args, inputs } = await bwrapCall({
    features: bwrap.features,
    launch: [LAUNCH, loopbacks.length === 0 ? command : quoted(behindLoopbacks(['sh', '-c', command], loopbacks))],
    tree: { source: directory, visible: directory },
    readOnly: [...(options.readOnly ?? []), ...loopbackMounts(loopbacks)],
    scratch: options.scratch ?? [],
    network: options.network ?? false,
    env: options.env ?? {},
    tmpSizeMb: options.tmpSizeMb ?? 1024,
    toolchain: toolchainOf(),
    uid,
  });
  return runChild({
    file: bwrap.path,
    args,
    inputs,
    watches: watchesOf(bwrap),
    cwd: '/',
    env: bwrap.env,
    timeoutMs: options.timeoutMs,
    outputLimitBytes: options.outputLimitBytes ?? DEFAULT_OUTPUT_LIMIT,
    signal: options.signal,
    onOutput: options.onOutput,
  });
};

/** For a shell, word by word. */
const quoted = (words: readonly string[]): string =>
  words.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' ');

const run = promisify(execFile);

/** `-h` and `-P`: links are given, never followed. */
const give = (directory: string, uid: number) => run('chown', ['-RhP', `${uid}:${uid}`, '--', directory]);
