import { randomBytes } from 'node:crypto';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readdir, realpath, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { runOnTree } from './agent-sandbox.js';
import type { Bubblewrap } from './bubblewrap.js';
import { messageOf } from './failure.js';
import type { OverlayFeatures } from './overlay-space.js';
import { runsAnywhere } from './process-table.js';
import { removeTree } from './remove-tree.js';
import { sanitiseOutput } from './sanitise.js';
import { openTreeSpace, spaceOwner, type TreeSpace } from './tree-space.js';

const run = promisify(execFile);
const TIMEOUT_MS = 20_000;

/**
 * Whether trees can be changed without being copied, by doing it: a command in the sandbox edits one folder of a tree, and
 * removes and makes anew another; it tries to change the rest, by the paths, the links and the hard links that attacks take, and
 * leaves a process behind. Takes about a tenth of a second.
 */
export const detectOverlay = async (
  bwrap: Bubblewrap,
): Promise<{ readonly overlay?: OverlayFeatures; readonly why: string }> => {
  const failures: string[] = [];
  for (const overlay of candidates(bwrap, process.getuid?.() === 0)) {
    const failure = await selfTest(bwrap, overlay).catch(messageOf);
    if (failure === undefined) return { overlay, why: `${describe(overlay)} passed its own` };
    failures.push(`${describe(overlay)}: ${failure}`);
  }
  return { why: `trees are copied, for there is no overlay: ${failures.join('; ')}` };
};

export const candidates = ({ features }: Bubblewrap, root: boolean): OverlayFeatures[] => {
  const another = features.user === 'another';
  const namespaces = another ? (['mapped', 'mount'] as const) : root ? (['mount', 'user'] as const) : ['user' as const];
  return namespaces.flatMap((namespace) => [
    { namespace, layer: 'memory' },
    { namespace, layer: 'disk' },
  ]);
};

const describe = ({ namespace, layer }: OverlayFeatures): string =>
  `an overlay ${layer === 'memory' ? 'in memory' : 'on disk'}${namespace === 'mount' ? '' : ' in a user namespace'}`;

const selfTest = async (bwrap: Bubblewrap, overlay: OverlayFeatures): Promise<string | undefined> => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'hyper-run-probe-')));
  const lower = join(folder, 'lower');
  let space: TreeSpace | undefined;
  try {
    for (const path of ['docs/gone/a', 'docs/a', 'src/a']) await writeBelow(lower, path, 'as it was\n');
    const owner = spaceOwner(bwrap);
    if (owner !== undefined) await run('chown', ['-R', `${owner}:${owner}`, '--', lower]);
    space = await openTreeSpace({ bwrap, overlay, lower, directory: folder });
    const mark = `hyper-run-${randomBytes(8).toString('hex')}`;
    const command = `node -e "$SELF_TEST" && (setsid sh -c 'sleep 60; : ${mark}' >/dev/null 2>&1 &)`;
    const result = await runOnTree(
      { bwrap, space, writable: ['docs'], env: { SELF_TEST } },
      { command, timeoutMs: TIMEOUT_MS },
    );
    if (result.outcome !== 'exited' || result.exitCode !== 0)
      return `${result.outcome}: ${sanitiseOutput(result.output).trim().slice(0, 400) || `exit ${result.exitCode}`}`;
    if (await runsAnywhere(mark)) return 'a process outlived its sandbox';
    return await whatIsWrong(space, lower);
  } finally {
    await space?.close();
    await removeTree(folder);
  }
};

const writeBelow = async (folder: string, path: string, content: string) => {
  await mkdir(join(folder, path, '..'), { recursive: true });
  await writeFile(join(folder, path), content);
};

/** What was changed is in the upper layer, whole, and nothing else is; the tree below is as it was. */
const whatIsWrong = async (space: TreeSpace, lower: string): Promise<string | undefined> => {
  space.assertThere();
  const { upper = '', visible } = space;
  const found = await Promise.all([
    readFile(join(upper, 'docs/a'), 'utf8'),
    readdir(upper),
    readdir(join(visible.tree, 'docs/gone')),
    readFile(join(lower, 'docs/a'), 'utf8'),
    readdir(join(lower, 'docs/gone')),
  ]);
  const expected = ['as it was\nand more\n', ['docs'], ['b'], 'as it was\n', ['a']];
  return JSON.stringify(found) === JSON.stringify(expected) ? undefined : `it holds ${JSON.stringify(found)}`;
};

/** In the sandbox. Every line that it prints is a way out, or something that does not work. */
const SELF_TEST = `
const fs = require('fs');
const bad = [];
const denied = (what, attempt) => { try { attempt(); bad.push(what); } catch {} };
fs.appendFileSync('docs/a', 'and more\\n');
fs.rmSync('docs/gone', { recursive: true });
fs.mkdirSync('docs/gone');
fs.writeFileSync('docs/gone/b', 'x');
denied('wrote through ..', () => fs.writeFileSync('docs/../src/a', 'x'));
denied('made a file beside its folder', () => fs.writeFileSync('x', 'x'));
fs.symlinkSync('../src', 'docs/link');
denied('wrote through a link', () => fs.writeFileSync('docs/link/a', 'x'));
fs.unlinkSync('docs/link');
denied('linked across folders', () => fs.linkSync('src/a', 'docs/hard'));
denied('made a git directory', () => fs.mkdirSync('.git'));
denied('removed a file', () => fs.unlinkSync('src/a'));
denied('moved its folder', () => fs.renameSync('docs', 'elsewhere'));
if (bad.length) { console.log(bad.join(', ')); process.exit(1); }
`;
