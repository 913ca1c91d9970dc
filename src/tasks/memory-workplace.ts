import { randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { CommandResult } from '#agents';
import type { GitRepository } from '#git';
import { removeTree, runInSandbox, sanitiseOutput, type Bubblewrap } from '#sandbox';
import { verificationCheckout, type VirtualTree } from '#workspace';
import type { Attempt } from './attempt.js';
import type { Workplace } from './workplace.js';

export const OUTPUT_BYTES = 256 * 1024;

interface MemoryPlace {
  readonly attempt: Attempt;
  readonly repository: GitRepository;
  readonly tree: VirtualTree;
  readonly directory: string;
  /** Absent: commands cannot be run here. */
  readonly bwrap: Bubblewrap | undefined;
  readonly commandSeconds: number;
}

/** A tree in memory: there is nothing to get out of. */
export const memoryWorkplace = (place: MemoryPlace): Workplace => {
  const { tree, bwrap } = place;
  return {
    ports: {
      tree,
      ...(bwrap && { sandboxRun: (command, signal) => runOnCopy({ ...place, bwrap }, command, signal) }),
    },
    limit: () => undefined,
    collect: () => Promise.resolve(tree),
    close: () => Promise.resolve(),
  };
};

/** A command of the agent sees the tree as it is now, on a copy of its own, and nothing of what it does is kept. */
const runOnCopy = async (
  { attempt, repository, tree, directory, bwrap, commandSeconds }: MemoryPlace & { readonly bwrap: Bubblewrap },
  command: string,
  signal: AbortSignal,
): Promise<CommandResult> => {
  const copy = join(directory, `run-${randomUUID()}`);
  try {
    await verificationCheckout({ repository, treeish: tree.baseCommit, directory: copy });
    for (const { path, content } of tree.changes()) {
      const target = join(copy, path);
      if (content === undefined) await rm(target, { force: true });
      else {
        await mkdir(dirname(target), { recursive: true });
        await writeFile(target, content);
      }
    }
    const run = await attempt.during(
      runInSandbox({
        bwrap,
        command,
        directory: copy,
        network: false,
        timeoutMs: commandSeconds * 1000,
        outputLimitBytes: OUTPUT_BYTES,
        signal,
      }),
    );
    return { exitCode: run.exitCode, output: sanitiseOutput(run.output), durationMs: run.durationMs };
  } finally {
    await removeTree(copy);
  }
};
