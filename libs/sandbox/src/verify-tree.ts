import { symlink } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { HyperRunError, type Isolation, type StepResult, type VerificationCommand } from '#contracts';
import { countTests } from './count-tests.js';
import type { Bubblewrap } from './bubblewrap.js';
import { INSIDE, type Mount } from './bwrap-profile.js';
import type { Loopback } from './loopback.js';
import { runInSandbox } from './run-in-sandbox.js';
import type { RunResult } from './run-result.js';
import { runUnconfined } from './run-unconfined.js';
import { sanitiseOutput, tailOf } from './sanitise.js';

/** The shell's way of saying that a command is not there, or not a program. */
const NOT_FOUND = [126, 127];
const TAIL_BYTES = 8000;

export interface TreeToVerify {
  /** A checkout of its own for this run: commands may change it. */
  readonly directory: string;
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
  readonly onOutput?: () => void;
  /** Called with each step that ended, and the whole output that was kept. */
  readonly onStep?: (step: StepResult, output: Buffer) => void | Promise<void>;
}

/** Runs one command after the other on a tree and stops at the first that does not pass. Fails closed. */
export const verifyTree = async (tree: TreeToVerify): Promise<StepResult[]> => {
  const steps: StepResult[] = [];
  if (tree.isolation === 'none') await linkInstead(tree);
  for (const command of tree.commands) {
    const run = await runCommand(tree, command.command);
    tree.signal?.throwIfAborted();
    const step = stepOf(command, run);
    steps.push(step);
    await tree.onStep?.(step, run.output);
    if (step.outcome !== 'passed') break;
  }
  return steps;
};

/** Without a sandbox nothing can be mounted. */
const linkInstead = async ({ directory, readOnly = [] }: TreeToVerify): Promise<void> => {
  for (const { host, inside } of readOnly) {
    const path = relative(INSIDE, inside);
    if (path !== '' && !path.startsWith('..')) await symlink(host, join(directory, path));
  }
};

const runCommand = (tree: TreeToVerify, command: string): Promise<RunResult> => {
  const { directory, env, signal, onOutput, bwrap, readOnly, scratch, network = false, loopbacks } = tree;
  const limits = { command, directory, env, signal, onOutput, timeoutMs: tree.timeoutSeconds * 1000 };
  if (tree.isolation === 'none') return runUnconfined(limits);
  if (bwrap === undefined)
    throw new HyperRunError(
      'sandbox.none',
      'A sandbox is to be used and none was given: take it from detectIsolation.',
      {},
      'operator',
    );
  return runInSandbox({ ...limits, bwrap, readOnly, scratch, network, loopbacks });
};

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
