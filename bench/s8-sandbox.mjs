import { inWorktree, onMonorepo } from './s8-task.mjs';
import { interleaved, ratios, row } from './lib/measure.mjs';
import { startWorker } from './lib/worker.mjs';

export const title = 'overhead of a task on 57,000 files, by a program in the sandbox, without verification';

const ROUNDS = 5;
const SECONDS = 90;
const AT_ONCE = 8;

/** The same tasks by a program in the sandbox; nothing where this machine has none. */
const inSandbox = async (repository, work, task, signal) => {
  const start = () => startWorker('sandbox-task-worker.mjs', repository, work);
  const warm = await start();
  const { level } = await warm.ask({ tasks: [task()] });
  if (level === 'none') {
    await warm.end();
    return [];
  }
  const rss = [];
  const many = (count) => Array.from({ length: count }, task);
  const inFreshProcess = async () => {
    const worker = await start();
    const { ms } = await worker.ask({ tasks: many(1) });
    await worker.end();
    return ms;
  };
  const inWarmProcess = async () => {
    const answer = await warm.ask({ tasks: many(1) });
    rss.push(answer.rss);
    return answer.ms;
  };
  const found = await interleaved(
    {
      warm: inWarmProcess,
      cold: inFreshProcess,
      alone: async () => (await warm.ask({ alone: true })).ms,
      eight: async () => (await warm.ask({ tasks: many(AT_ONCE) })).ms,
      sparse: inWorktree(repository, work, true),
      full: inWorktree(repository, work, false),
    },
    { rounds: ROUNDS, seconds: SECONDS, signal },
  );
  signal?.throwIfAborted();
  const first = await warm.ask({ tasks: many(1), forget: true });
  await warm.end();
  return [
    row(`in the sandbox (${level}), warm`, 'ms', found.warm, { goal: '< 150 ms', limit: 150 }),
    row('in the sandbox, first task of a fresh process', 'ms', found.cold, { goal: '< 1 s', limit: 1000 }),
    row('git worktree add + commit + remove', 'ms', found.full),
    row('git worktree add --no-checkout + sparse + commit + remove', 'ms', found.sparse),
    row('  git worktree over warm', '×', ratios(found.full, found.warm)),
    row('  sparse worktree over warm', '×', ratios(found.sparse, found.warm)),
    row('in the sandbox, first task on a commit: its checkout is made', 'ms', [first.ms]),
    row('  start of a sandbox alone, to its end', 'ms', found.alone),
    row(`  ${AT_ONCE} tasks at once on one repository, all of them`, 'ms', found.eight),
    row(
      `  the same, for each`,
      'ms',
      found.eight.map((ms) => ms / AT_ONCE),
    ),
    row('  memory of the process (RSS)', 'MiB', rss),
  ];
};

export const run = (signal) => onMonorepo(({ repository, work, task }) => inSandbox(repository, work, task, signal));
