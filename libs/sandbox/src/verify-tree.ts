import { cp } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { HyperRunError, type Isolation, type StepResult, type VerificationCommand } from '#contracts';
import { runOnTree } from './agent-sandbox.js';
import { countTests } from './count-tests.js';
import type { Bubblewrap } from './bubblewrap.js';
import { INSIDE, type Mount } from './bwrap-profile.js';
import type { Loopback } from './loopback.js';
import { runInSandbox } from './run-in-sandbox.js';
import type { RunResult } from './run-result.js';
import { runUnconfined } from './run-unconfined.js';
import { sanitiseOutput, tailOf } from './sanitise.js';
import type { TreeSpace } from './tree-space.js';

/** The shell's way of saying that a command is not there, or not a program. */
const NOT_FOUND = [126, 127];
const TAIL_BYTES = 8000;

export interface TreeToVerify {
  /** A checkout of its own for this run, or a space above one: commands may change it. */
  readonly directory: string | TreeSpace;
  readonly commands: readonly VerificationCommand[];
  /** For each command. */
  readonly timeoutSeconds: number;
  readonly isolation: Isolation;
  /** Needed unless the isolation is `none`. */
  readonly bwrap?: Bubblewrap | undefined;
  readonly network?: boolean;
  /** Ways out of a sandbox without a network. */
  readonly loopbacks?: readonly Loopback[];
  /** What the set-up made, read-only. */
  readonly readOnly?: readonly Mount[];
  readonly scratch?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Resolves when the next command may begin. */
  readonly gate?: (() => Promise<void>) | undefined;
  readonly onOutput?: () => void;
  /** Called with each step that ended, and the whole output that was kept. */
  readonly onStep?: (step: StepResult, output: Buffer) => void | Promise<void>;
}

/** Runs one command after the other on a tree and stops at the first that does not pass. Fails closed. */
export const verifyTree = async (tree: TreeToVerify): Promise<StepResult[]> => {
  const steps: StepResult[] = [];
  if (tree.isolation === 'none') await copyInstead(tree);
  for (const command of tree.commands) {
    await tree.gate?.();
    const run = await runCommand(tree, command.command);
    tree.signal?.throwIfAborted();
    const step = stepOf(command, run);
    steps.push(step);
    await tree.onStep?.(step, run.output);
    if (step.outcome !== 'passed') break;
  }
  return steps;
};

/** Without a sandbox nothing can be mounted; a link would let one run change what the next finds. */
const copyInstead = async ({ directory, readOnly = [] }: TreeToVerify): Promise<void> => {
  if (typeof directory !== 'string') return;
  for (const { host, inside } of readOnly) {
    const path = relative(INSIDE, inside);
    if (path === '' || path.startsWith('..')) continue;
    await cp(host, join(directory, path), { recursive: true, verbatimSymlinks: true });
  }
};

const runCommand = (tree: TreeToVerify, command: string): Promise<RunResult> => {
  const { directory, env = {}, signal, onOutput, bwrap, readOnly = [], scratch = [] } = tree;
  const { network = false, loopbacks } = tree;
  const limits = { command, env, signal, onOutput, timeoutMs: tree.timeoutSeconds * 1000 };
  if (tree.isolation === 'none' && typeof directory === 'string') return runUnconfined({ ...limits, directory });
  if (bwrap === undefined) throw noSandbox('A sandbox is to be used and none was given: take it from detectIsolation.');
  if (typeof directory === 'string')
    return runInSandbox({ ...limits, directory, bwrap, readOnly, scratch, network, loopbacks });
  if (network || loopbacks !== undefined) throw noSandbox('There is no network above a tree that is shared.');
  return runOnTree({ bwrap, space: directory, readOnly, scratch, env }, limits);
};

const noSandbox = (message: string) => new HyperRunError('sandbox.none', message, {}, 'operator');

const outcomeOf = ({ outcome, exitCode }: RunResult): StepResult['outcome'] => {
  if (outcome === 'timed-out') return 'timed-out';
  if (outcome === 'could-not-start' || NOT_FOUND.includes(exitCode ?? 0)) return 'could-not-start';
  return outcome === 'exited' && exitCode === 0 ? 'passed' : 'failed';
};

const stepOf = ({ name, command }: VerificationCommand, run: RunResult): StepResult => {
  const text = sanitiseOutput(run.output);
  const tests = countTests(text);
  return {
    name,
    command,
    outcome: outcomeOf(run),
    exitCode: run.exitCode,
    durationMs: Math.round(run.durationMs),
    output: { tail: tailOf(text, TAIL_BYTES), bytes: run.outputBytes },
    ...(tests === undefined ? {} : { tests }),
  };
};
