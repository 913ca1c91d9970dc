import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { git, makeRepository, runProgram } from './lib/git.mjs';
import { has } from './lib/machine.mjs';
import { interleaved, row, timed } from './lib/measure.mjs';
import { project } from './lib/synthetic.mjs';
import { startWorker } from './lib/worker.mjs';

export const title = 'full scan of a 3,800-file repository: cold, unchanged, one file changed';

const ROUNDS = 5;
/** Scans until the compiler has settled, as in a service that runs for a while. */
const SETTLING = 3;
const OXLINT = join(dirname(createRequire(import.meta.url).resolve('oxlint/package.json')), 'bin', 'oxlint');
const CHANGED = 'docs/agent/agent-5.md';

/** Commits a version of one file that was never seen before; gives the commit. */
const changeOneFile = async (repository, number) => {
  await writeFile(join(repository, CHANGED), `# Change ${number}\n\nSee [nothing](gone-${number}.md).\n`);
  await git(repository, 'add', '--', CHANGED);
  await git(repository, 'commit', '-q', '--no-verify', '-m', `Change ${number}`);
};

/** A fresh process, as after a start of the service: nothing known, then the same again, then one file changed. */
const scanThrice = async (repository, cache, round) => {
  const worker = await startWorker('scan-worker.mjs', repository, cache);
  const ask = () => worker.ask('scan');
  const cold = await ask();
  const again = await ask();
  for (let n = 0; n < SETTLING; n++) await ask();
  const unchanged = await ask();
  await changeOneFile(repository, round);
  const changed = await ask();
  await worker.end();
  if (unchanged.findings !== cold.findings) throw new Error('The cache changed what was found.');
  return { cold, again, unchanged, changed };
};

export const run = async (signal) => {
  const root = await mkdtemp(join(tmpdir(), 'hyper-run-bench-'));
  try {
    const repository = await makeRepository(join(root, 'repository'), project(), { checkout: true });
    const lint = [OXLINT, '--no-ignore', '-f', 'json', '.'];
    const run = (program, args, answers) => () =>
      timed(() => runProgram(program, args, { cwd: repository, env: process.env, answers }));
    const scans = [];
    const numbers = await interleaved(
      {
        scan: async (round) => {
          const found = await scanThrice(repository, join(root, `facts-${round}.json`), round);
          if (round >= 0) scans.push(found);
          return found.cold.ms;
        },
        ...(has('rg') ? { ripgrep: run('rg', ['-n', '\\b(TODO|FIXME|HACK|XXX)\\b', '.'], [0]) } : {}),
        oxlint: run(process.execPath, lint, [0, 1]),
        listing: run('git', ['ls-files', '-s'], [0]),
      },
      { rounds: ROUNDS, warmUp: 1, signal },
    );
    const column = (kind, field) => scans.map((scan) => scan[kind][field]);
    return [
      ...(numbers.ripgrep
        ? [row('ripgrep for the same markers', 'ms', numbers.ripgrep)]
        : [row('ripgrep: not on PATH', 'ms', [0])]),
      row('oxlint alone, its default rules', 'ms', numbers.oxlint),
      row('git ls-files -s', 'ms', numbers.listing),
      row('scan, cold: processor time, children included', 'ms', column('cold', 'cpuMs'), {
        goal: '< 3 s',
        limit: 3000,
      }),
      row('scan, cold: wall clock', 'ms', column('cold', 'ms')),
      row('scan, unchanged, right after the cold one', 'ms', column('again', 'ms')),
      row('scan, unchanged', 'ms', column('unchanged', 'ms'), { goal: '< 100 ms', limit: 100 }),
      row('scan, unchanged: processor time', 'ms', column('unchanged', 'cpuMs')),
      row('scan, one file changed', 'ms', column('changed', 'ms'), { goal: '< 400 ms', limit: 400 }),
      row('scan, one file changed: processor time', 'ms', column('changed', 'cpuMs')),
      row('findings', '', column('cold', 'findings')),
    ];
  } finally {
    await rm(root, { recursive: true, force: true });
  }
};
