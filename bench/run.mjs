// npm run bench [-- s1 s9 …]: each bench in a process of its own, one table, bench/results.json.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describeMachine, load } from './lib/machine.mjs';
import { printHeading, printRows } from './lib/report.mjs';

const BENCHES = {
  s1: 's1-append.mjs',
  's1-partitions': 's1-partitions.mjs',
  s2: 's2-append.mjs',
  's2-relaxed': 's2-relaxed.mjs',
  's2-storm': 's2-storm.mjs',
  's2-steps': 's2-steps.mjs',
  s3: 's3-rebuild.mjs',
  's3-replay': 's3-replay.mjs',
  s4: 's4-projections.mjs',
  s5: 's5-stream.mjs',
  s6: 's6-fan-out.mjs',
  s7: 's7-screen.mjs',
  s8: 's8-task.mjs',
  's8-sandbox': 's8-sandbox.mjs',
  s9: 's9-scan.mjs',
  s11: 's11-recovery.mjs',
  s12: 's12-idle.mjs',
  s13: 's13-memory.mjs',
  s14: 's14-footprint.mjs',
  cuts: 'cuts.mjs',
  stalled: 'stalled.mjs',
};
const LIMIT_MS = 300_000;
/** To remove what was made. */
const GRACE_MS = 60_000;

const wanted = process.argv.slice(2).map((name) => name.toLowerCase());
const unknown = wanted.filter((name) => !(name in BENCHES));
if (unknown.length > 0) {
  process.stderr.write(`There is no bench ${unknown.join(', ')}. There are: ${Object.keys(BENCHES).join(', ')}.\n`);
  process.exit(2);
}

const runOne = async (file) => {
  const child = fork(fileURLToPath(new URL('lib/child.mjs', import.meta.url)), [file], { execArgv: ['--expose-gc'] });
  const timers = [
    setTimeout(() => child.kill('SIGTERM'), LIMIT_MS),
    setTimeout(() => child.kill('SIGKILL'), LIMIT_MS + GRACE_MS),
  ];
  let result;
  child.on('message', (message) => (result = message));
  const [code, signal] = await once(child, 'exit');
  timers.forEach(clearTimeout);
  if (result === undefined) throw new Error(`${file} ended with ${signal ?? `exit code ${code}`} and no result.`);
  return result;
};

const results = { machine: await describeMachine(), startedAt: new Date().toISOString(), benches: [] };
printHeading(results.machine);
let failed = false;
for (const name of wanted.length > 0 ? wanted : Object.keys(BENCHES)) {
  const began = performance.now();
  const before = load();
  try {
    const { title, rows } = await runOne(BENCHES[name]);
    const bench = { name, title, seconds: (performance.now() - began) / 1000, load: [before, load()], rows };
    results.benches.push(bench);
    printRows(bench);
  } catch (error) {
    failed = true;
    process.stderr.write(`\n${name}: ${error instanceof Error ? error.message : String(error)}\n`);
  }
}
await writeFile(new URL('results.json', import.meta.url), `${JSON.stringify(results, null, 2)}\n`);
process.exit(failed ? 1 : 0);
