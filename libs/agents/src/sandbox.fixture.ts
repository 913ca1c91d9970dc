import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { detectIsolation, fillHome, openTreeSpace, spaceOwner, startOnTree } from '#sandbox';
import { compileScope } from '#workspace';
import { findTool } from '../../system-tools/src/index.js';
import type { AgentProgram, AgentWorkspace } from './workplace.js';
import { WorkspaceTree } from './workspace-tree.js';

const measured = await findTool('bwrap').then(
  (bwrap) => detectIsolation({ bwrap }),
  () => detectIsolation({}),
);

/** Whether an agent can be confined on this machine at all. */
export const isConfined = measured.bwrap !== undefined;

export interface SandboxForTest extends AgentWorkspace {
  /** The tree as tools see it; `docs/` may be changed. */
  readonly tree: WorkspaceTree;
  /** How often a program was started in it. */
  readonly starts: () => number;
  /** What lies in the tree now that nothing runs. */
  readonly text: (path: string) => Promise<string>;
  readonly close: () => Promise<void>;
}

/** A real sandbox over some files, without the service around it. */
export const sandboxWith = async (files: Readonly<Record<string, string>>): Promise<SandboxForTest> => {
  const { bwrap, overlay } = measured;
  if (bwrap === undefined) throw new Error(`No sandbox here: ${measured.why}`);
  const folder = await mkdtemp(join(tmpdir(), 'hyper-run-agent-'));
  const lower = join(folder, 'tree');
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(lower, path)), { recursive: true });
    await writeFile(join(lower, path), text);
  }
  const owner = spaceOwner(bwrap);
  if (owner !== undefined) await promisify(execFile)('chown', ['-R', `${owner}:${owner}`, lower]);
  const directory = join(folder, 'space');
  await mkdir(directory);
  const space = await openTreeSpace({ bwrap, overlay, lower, directory });
  const over = new AbortController();
  const running: Promise<unknown>[] = [];
  let starts = 0;
  const start = async ({ argv, env, readOnly, signal }: AgentProgram) => {
    starts += 1;
    const signals = AbortSignal.any([over.signal, ...(signal ? [signal] : [])]);
    const tree = { bwrap, space, writable: ['docs'] };
    const child = await startOnTree(tree, {
      argv,
      ...(env && { env }),
      ...(readOnly && { readOnly }),
      signal: signals,
    });
    running.push(child.ended);
    return child;
  };
  const workspace: AgentWorkspace = {
    start: async (program) => {
      if (program.home !== undefined) await fillHome(space, { files: program.home }, owner);
      return start(program);
    },
  };
  const end = async () => {
    over.abort(new Error('The test is over.'));
    await Promise.all(running);
  };
  return {
    ...workspace,
    tree: new WorkspaceTree({ start }, compileScope({ patterns: ['docs/**'] })),
    starts: () => starts,
    text: async (path) => {
      await end();
      return readFile(join(space.visible.tree, path), 'utf8');
    },
    close: async () => {
      await end();
      await space.close();
      const left = await readdir(directory);
      await rm(folder, { recursive: true, force: true });
      if (left.length > 0) throw new Error(`The sandbox left ${left.join(', ')} behind.`);
    },
  };
};
