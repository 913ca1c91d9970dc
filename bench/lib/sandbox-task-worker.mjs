// The same for an agent that is a program of its own: pristine checkout from the cache, overlay, sandbox, one shell that changes one
// file, collector, candidate, gate, commit, publish, clean up. Each message is some tasks at once; the answer is what they took.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GitRepository } from '../../dist/libs/git/src/index.js';
import {
  detectIsolation,
  openTreeSpace,
  removeTree,
  runInSandbox,
  runOnTree,
  spaceOwner,
} from '../../dist/libs/sandbox/src/index.js';
import { findTool, toolCache } from '../../dist/libs/system-tools/src/index.js';
import {
  agentView,
  applyView,
  branchOfTask,
  buildCandidate,
  CheckoutCache,
  collect,
  commitCandidate,
  compileScope,
  gate,
  publish,
  VirtualTree,
} from '../../dist/libs/workspace/src/index.js';
import { answering } from './worker.mjs';

const [, , path, work] = process.argv;
const { bwrap, overlay, level } = await detectIsolation({ bwrap: await findTool('bwrap', { cacheDir: toolCache() }) });
const checkouts = new CheckoutCache(join(work, 'checkouts'), bwrap && spaceOwner(bwrap));

const carryOut = async ({ id, path: file, base }) => {
  const directory = join(work, id);
  const repository = await GitRepository.open(path);
  const held = await checkouts.hold(repository, base);
  let space;
  try {
    await mkdir(join(directory, 'workspace'), { recursive: true, mode: 0o700 });
    const scope = compileScope({ patterns: ['packages/**'], paths: [file] });
    const tree = await VirtualTree.at({ repository, commit: base, scope });
    const files = await repository.listFiles(base);
    const view = agentView(files, scope.patterns, () => false);
    space = await openTreeSpace({
      bwrap,
      overlay,
      lower: held.directory,
      directory: join(directory, 'workspace'),
      prepare: (folder) => applyView(view, folder),
    });
    const { writable, fixed } = view;
    const command = `echo 'Changed by ${id}.' >> ${file}`;
    const ran = await runOnTree({ bwrap, space, writable, fixed }, { command, timeoutMs: 60_000 });
    if (ran.exitCode !== 0) throw new Error(`The sandbox: ${ran.output}`);
    const changed = space.upper ?? space.visible.tree;
    const given = space.upper === undefined ? { given: new Set(fixed) } : {};
    const violations = await collect({ changed, now: space.visible.tree, below: held.directory, files, hidden: view.hidden, ...given, tree }); // prettier-ignore
    if (violations.length > 0) throw new Error(`The collector refused: ${JSON.stringify(violations)}`);
    const candidate = await buildCandidate({ repository, tree, directory });
    const verdict = await gate({ repository, base, candidateTree: candidate.tree, directory, scope });
    if (!verdict.ok) throw new Error(`The gate refused: ${JSON.stringify(verdict.violations)}`);
    const author = { name: 'Bench', email: 'bench@localhost' };
    const made = { repository, directory, tree: candidate.tree, parents: [base], message: 'Change', author };
    const { commit, pack } = await commitCandidate({ ...made, time: 1_700_000_000_000 });
    await writeFile(join(directory, 'pack'), pack, { flush: true });
    await publish({ repository, pack, commit, branch: branchOfTask(id) });
  } finally {
    await space?.close();
    held.release();
    repository.close();
    await removeTree(directory);
  }
};

const startAlone = async () => {
  const directory = join(work, 'alone');
  await mkdir(directory);
  const { exitCode } = await runInSandbox({ bwrap, command: 'true', directory, timeoutMs: 60_000 });
  if (exitCode !== 0) throw new Error('The sandbox did not start.');
  await rm(directory, { recursive: true });
};

answering(async ({ tasks = [], forget = false, alone = false }) => {
  if (level === 'none') return { level };
  if (forget) await removeTree(join(work, 'checkouts'));
  const began = performance.now();
  await (alone ? startAlone() : Promise.all(tasks.map(carryOut)));
  return { level, ms: performance.now() - began, rss: process.memoryUsage.rss() / 2 ** 20 };
});
