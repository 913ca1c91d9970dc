import { type Bubblewrap, watchesOf } from './bubblewrap.js';
import { bwrapCall, type Mount, type Profile } from './bwrap-profile.js';
import { LAUNCH, runChild } from './child-run.js';
import { LAUNCH_PROGRAM, startChild, type LiveChild } from './live-child.js';
import { behindLoopbacks, loopbackMounts, type Loopback } from './loopback.js';
import { SYSTEM_PATH } from './mount-keeper.js';
import { DEFAULT_OUTPUT_LIMIT } from './run-in-sandbox.js';
import type { RunResult } from './run-result.js';
import { toolchainOf } from './toolchain.js';
import { spaceOwner, type TreeSpace } from './tree-space.js';
import { watchWork } from './watch-work.js';

export interface SandboxedTree {
  readonly bwrap: Bubblewrap;
  readonly space: TreeSpace;
  /** Folders of the tree that can be changed; absent: all of it. */
  readonly writable?: readonly string[];
  /** Files and folders of the tree that cannot, wherever they lie. They must be there. */
  readonly fixed?: readonly string[];
  readonly readOnly?: readonly Mount[];
  readonly scratch?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface SandboxedProgram {
  /** The program and its arguments. No shell. */
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly readOnly?: readonly Mount[];
  readonly loopbacks?: readonly Loopback[];
  readonly signal?: AbortSignal;
  /** Told again and again as long as what the program has started works. */
  readonly onWork?: () => void;
}

export interface SandboxedCommand {
  /** Run by `sh -c`. */
  readonly command: string;
  readonly timeoutMs: number;
  readonly outputLimitBytes?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  readonly onOutput?: (() => void) | undefined;
}

/**
 * Starts a program on a tree in its space: with its namespaces, without network, rights or a way to other processes. Tree,
 * `/tmp` and home are shared by all that is started on the same space; nothing else is.
 * @throws HyperRunError `sandbox.could-not-start`, `sandbox.link-in-the-way`
 */
export const startOnTree = async (tree: SandboxedTree, program: SandboxedProgram): Promise<LiveChild> => {
  const { argv, loopbacks = [], readOnly = [], env, signal, onWork } = program;
  const mounts = [...readOnly, ...loopbackMounts(loopbacks)];
  const call = await callOn(tree, [LAUNCH_PROGRAM, ...behindLoopbacks(argv, loopbacks)], mounts, env);
  const watches =
    onWork === undefined ? call.watches : [...call.watches, watchWork(onWork, loopbacks.length === 0 ? 1 : 2)];
  return startChild({ ...call, watches, signal });
};

/** Runs a command on a tree in its space to the end, like `runInSandbox`. */
export const runOnTree = async (tree: SandboxedTree, command: SandboxedCommand): Promise<RunResult> => {
  const { timeoutMs, outputLimitBytes = DEFAULT_OUTPUT_LIMIT, signal, onOutput } = command;
  const call = await callOn(tree, [LAUNCH, command.command], [], command.env);
  return runChild({ ...call, cwd: '/', timeoutMs, outputLimitBytes, signal, onOutput });
};

const callOn = async (
  { bwrap, space, writable, fixed, readOnly = [], scratch = [], env }: SandboxedTree,
  launch: Profile['launch'],
  mounts: readonly Mount[],
  more: Readonly<Record<string, string>> = {},
) => {
  const { args, inputs } = await bwrapCall({
    features: bwrap.features,
    launch,
    tree: { source: space.tree, visible: space.visible.tree, writable, fixed },
    scratchFolders: space,
    readOnly: [...readOnly, ...mounts],
    scratch,
    network: false,
    env: { ...env, ...more },
    tmpSizeMb: 1024,
    toolchain: toolchainOf(),
    uid: spaceOwner(bwrap) ?? 0,
  });
  const [file = bwrap.path, ...rest] = [...space.enter, bwrap.path, ...args];
  const watches = [...watchesOf(bwrap), ...space.watches];
  return { file, args: rest, inputs, watches, env: { PATH: SYSTEM_PATH, ...bwrap.env } };
};
