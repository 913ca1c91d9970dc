import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { git, makeRepository, runProgram } from './lib/git.mjs';
import { interleaved, ratios, row, timed } from './lib/measure.mjs';
import { monorepo } from './lib/synthetic.mjs';
import { startWorker } from './lib/worker.mjs';

export const title = 'overhead of a task on 57,000 files, in memory, without verification';

const ROUNDS = 5;
const WARM_ROUNDS = 15;
/** A disk that had much to delete lets `worktree add` take half a minute. */
const SLOW_SECONDS = 60;

const fileOf = (n) => ({ folder: `packages/p${n % 50}/d0`, name: `f${(n % 50) * 57 * 20}.md` });
const CHANGED = '# Changed\n\nBy the bench.\n';

/** `git worktree add` + commit + remove, whole or sparse. */
export const inWorktree = (repository, work, sparse) => (round) =>
  timed(async () => {
    const { folder, name } = fileOf(round + 1);
    const branch = `${sparse ? 'sparse' : 'full'}-${round + 10}`;
    const tree = join(work, branch);
    await git(repository, 'worktree', 'add', '-q', ...(sparse ? ['--no-checkout'] : []), '-b', branch, tree, 'main');
    if (sparse) {
      await git(tree, 'sparse-checkout', 'set', folder);
      await git(tree, 'checkout', '-q');
    }
    await writeFile(join(tree, folder, name), CHANGED);
    await git(tree, 'add', '--', `${folder}/${name}`);
    await git(tree, 'commit', '-q', '--no-verify', '-m', 'Change');
    await git(repository, 'worktree', 'remove', '--force', tree);
  });

let imports = 0;
const byFastImport = (repository) => () =>
  timed(async () => {
    const { folder, name } = fileOf(++imports);
    const stream = [
      `commit refs/heads/import-${imports}\ncommitter Bench <bench@localhost> 1700000000 +0000\n`,
      `data 6\nChange\nfrom refs/heads/main^0\nM 100644 inline ${folder}/${name}\n`,
      `data ${CHANGED.length}\n${CHANGED}\n`,
    ];
    await runProgram('git', ['fast-import', '--quiet'], { cwd: repository, input: [stream.join('')] });
  });

/** Lends a repository of 57,000 files, a folder to work in, and tasks that each change another file. */
export const onMonorepo = async (use) => {
  const root = await mkdtemp(join(tmpdir(), 'hyper-run-bench-'));
  try {
    const repository = await makeRepository(join(root, 'repository'), monorepo());
    const work = join(root, 'work');
    const base = (await git(repository, 'rev-parse', 'HEAD')).trim();
    await mkdir(work);
    let tasks = 0;
    const task = () => ({ id: `t-${++tasks}`, path: Object.values(fileOf(tasks)).join('/'), base });
    return await use({ repository, work, task });
  } finally {
    await rm(root, { recursive: true, force: true });
  }
};

export const run = (signal) =>
  onMonorepo(async ({ repository, work, task }) => {
    const warmRss = [];
    const warm = await startWorker('task-worker.mjs', repository, work);
    const inFreshProcess = async () => {
      const worker = await startWorker('task-worker.mjs', repository, work);
      const { ms } = await worker.ask(task());
      await worker.end();
      return ms;
    };
    const inWarmProcess = async () => {
      const { ms, rss } = await warm.ask(task());
      warmRss.push(rss);
      return ms;
    };
    for (let n = 0; n < 5; n++) await warm.ask(task());
    const slow = await interleaved(
      {
        warm: inWarmProcess,
        cold: inFreshProcess,
        import: byFastImport(repository),
        sparse: inWorktree(repository, work, true),
        full: inWorktree(repository, work, false),
      },
      { rounds: ROUNDS, seconds: SLOW_SECONDS, signal },
    );
    const quick = await interleaved(
      { warm: inWarmProcess, import: byFastImport(repository) },
      { rounds: WARM_ROUNDS, signal },
    );
    await warm.end();
    return [
      row('git worktree add + commit + remove', 'ms', slow.full),
      row('git worktree add --no-checkout + sparse + commit + remove', 'ms', slow.sparse),
      row('git fast-import of the commit and its branch: no scope, no gate', 'ms', quick.import),
      row('in memory, warm', 'ms', quick.warm, { goal: '< 60 ms', limit: 60 }),
      row('in memory, first task of a fresh process', 'ms', slow.cold, { goal: '< 1 s', limit: 1000 }),
      row('  git worktree over warm', '×', ratios(slow.full, slow.warm)),
      row('  sparse worktree over warm', '×', ratios(slow.sparse, slow.warm)),
      row('  fast-import over warm', '×', ratios(quick.import, quick.warm)),
      row('memory of the process (RSS)', 'MiB', warmRss),
    ];
  });
