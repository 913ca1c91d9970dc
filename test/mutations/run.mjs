// Takes one layer after the other away, in a copy of the sources, and carries out all attacks on what is left, or the tests that hold
// a layer which meets agents through an interface: some of them must turn red. `npm run test:mutations [-- [--quick] <parts of layers' names>]`; quick: only the attacks that
// the layer is known to hold.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { LAYERS } from './layers.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COPIED = ['libs', 'src', 'cli', 'web', 'test', 'package.json', 'jest.config.js', 'tsconfig.json'];

/** An attack that nothing stops may go on for ever. */
const LONGEST_MS = 240_000;

const copyOfSources = async (folder) => {
  await mkdir(folder);
  for (const name of COPIED) await cp(join(ROOT, name), join(folder, name), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return folder;
};

const ATTACKS = 'test/attacks/attacks';

/** The tests that went red, or the words of a suite that could not even run. `wanted`: only those with these words in their names. */
const attack = async (sources, temporary, suite = ATTACKS, wanted = '') => {
  const report = join(temporary, 'report.json');
  await rm(report, { force: true });
  const jest = join(ROOT, 'node_modules/jest/bin/jest.js');
  const args = ['--experimental-vm-modules', jest, '--rootDir', sources, '--config', join(sources, 'jest.config.js')];
  const env = { ...process.env, TMPDIR: temporary, HYPER_RUN_MUTATION: temporary };
  const child = spawn(
    process.execPath,
    [
      ...args,
      '-w',
      '1',
      ...(wanted === '' ? [] : ['-t', wanted]),
      '--forceExit',
      '--json',
      '--outputFile',
      report,
      suite,
    ],
    {
      cwd: sources,
      env,
      stdio: 'ignore',
    },
  );
  const late = setTimeout(() => child.kill('SIGKILL'), LONGEST_MS);
  await once(child, 'exit');
  clearTimeout(late);
  await endWhatIsLeft(temporary);
  const text = await readFile(report, 'utf8').catch(() => undefined);
  if (text === undefined) return { ran: 0, red: [], message: `it did not end within ${LONGEST_MS / 1000} s` };
  const { testResults } = JSON.parse(text);
  const [{ assertionResults, message } = { assertionResults: [], message: `there is no suite ${suite}` }] = testResults;
  const red = assertionResults.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName);
  return { ran: assertionResults.length, red, message };
};

/** Without its layer, an attack may leave processes behind: whatever has the folder of this run in its environment. */
const endWhatIsLeft = async (temporary) => {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    if (!environment.includes(temporary)) continue;
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }
};

const without = async (sources, changes, work) => {
  const texts = new Map();
  for (const { file, from, to } of changes) {
    const path = join(sources, file);
    const text = await readFile(path, 'utf8');
    const times = text.split(from).length - 1;
    if (times !== 1)
      throw new Error(
        `${file} holds ${JSON.stringify(from)} ${times} times: bring test/mutations/layers.mjs up to date.`,
      );
    texts.set(path, text);
    await writeFile(
      path,
      text.replace(from, () => to),
    );
  }
  try {
    return await work();
  } finally {
    for (const [path, text] of texts) await writeFile(path, text);
  }
};

const patternOf = ({ suite, red }) =>
  suite === undefined
    ? `attack (${red.join('|')}),`
    : red.map((words) => words.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|');

const numbersOf = (red) =>
  [...new Set(red.flatMap((name) => /attack (\d+)/.exec(name)?.[1] ?? []).map(Number))].toSorted((a, b) => a - b);

const { values, positionals } = parseArgs({
  options: { quick: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const folder = await realpath(await mkdtemp(join(tmpdir(), 'hyper-run-mutations-')));
const rows = [];
let failed = false;
try {
  const sources = await copyOfSources(join(folder, 'sources'));
  const temporary = join(folder, 'run');
  await mkdir(temporary);
  const chosen = LAYERS.filter(
    ({ name }) => positionals.length === 0 || positionals.some((part) => name.includes(part)),
  );
  let green = 0;
  for (const suite of new Set(chosen.map((one) => one.suite ?? ATTACKS))) {
    const whole = await attack(sources, temporary, suite);
    if (whole.red.length > 0 || whole.ran === 0)
      throw new Error(`With all layers, ${suite} must be green. ${whole.message}`);
    green += whole.ran;
  }
  process.stdout.write(
    `With every layer in place, all of ${green} tests are green.\n\n| without | attacks that succeed | tests that turn red |\n|---|---|---|\n`,
  );
  for (const layer of chosen) {
    const { red, message, ran } = await without(sources, layer.changes, () =>
      attack(sources, temporary, layer.suite, values.quick ? patternOf(layer) : ''),
    );
    const numbers = numbersOf(red);
    const held = (wanted) =>
      layer.suite === undefined ? numbers.includes(wanted) : red.some((name) => name.includes(wanted));
    const good = ran > 0 && red.length > 0 && layer.red.every(held);
    failed ||= !good;
    const succeeded = layer.suite === undefined ? numbers.join(', ') : `(${layer.suite})`;
    const said = ran === 0 ? `could not run: ${message.slice(0, 300)}` : succeeded;
    process.stdout.write(
      `| ${layer.name} | ${said} | ${good ? red.length : `**${red.length}: expected ${layer.red.join(', ') || 'some'}**`} |\n`,
    );
    rows.push(layer.name);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
process.stdout.write(
  `\n${rows.length} layers taken away. ${failed ? 'Some are not held by the tests that should hold them.' : 'Each of them is held.'}\n`,
);
process.exitCode = failed ? 1 : 0;
