// Carries out the repository side of a task, step by step as src/tasks does: open, change, candidate, gate, commit,
// publish, close, clean up. Each message is one task; the answer is what it took.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GitRepository } from '../../dist/libs/git/src/index.js';
import {
  branchOfTask,
  buildCandidate,
  commitCandidate,
  compileScope,
  gate,
  publish,
  VirtualTree,
} from '../../dist/libs/workspace/src/index.js';
import { answering } from './worker.mjs';

const [, , path, work] = process.argv;

const carryOut = async ({ id, path: file, base }) => {
  const directory = join(work, id);
  const repository = await GitRepository.open(path);
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const scope = compileScope({ patterns: ['packages/**'], paths: [file] });
    const tree = await VirtualTree.at({ repository, commit: base, scope });
    const before = await tree.read(file);
    await tree.write(file, `${before}\nChanged by ${id}.\n`);
    const candidate = await buildCandidate({ repository, tree, directory });
    const verdict = await gate({ repository, base, candidateTree: candidate.tree, directory, scope });
    if (!verdict.ok) throw new Error(`The gate refused: ${JSON.stringify(verdict.violations)}`);
    const { commit, pack } = await commitCandidate({
      repository,
      directory,
      tree: candidate.tree,
      parents: [base],
      message: 'Change',
      author: { name: 'Bench', email: 'bench@localhost' },
      time: 1_700_000_000_000,
    });
    await writeFile(join(directory, 'pack'), pack, { flush: true });
    await publish({ repository, pack, commit, branch: branchOfTask(id) });
  } finally {
    repository.close();
    await rm(directory, { recursive: true, force: true });
  }
};

answering(async (task) => {
  const began = performance.now();
  await carryOut(task);
  return { ms: performance.now() - began, rss: process.memoryUsage.rss() / 2 ** 20 };
});
