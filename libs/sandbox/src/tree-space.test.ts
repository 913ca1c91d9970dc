import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { runOnTree } from './agent-sandbox.js';
import { bwrap } from './bwrap.fixture.js';
import { candidates } from './detect-overlay.js';
import type { OverlayFeatures } from './overlay-space.js';
import { openTreeSpace, SPACE_LIMITS, spaceOwner, type SpaceOptions, type TreeSpace } from './tree-space.js';

const run = promisify(execFile);
const root = process.getuid?.() === 0;
/** Every way of mounting an overlay that this machine could choose, and the copy that stands in where there is none. */
const ways = bwrap ? [...candidates(bwrap, root), undefined] : [];
const named = ways.map((way) => [way ? `${way.namespace}, ${way.layer}` : 'a copy', way] as const);

let folder: string;
let lower: string;
let space: TreeSpace | undefined;

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'hyper-run-space, "x":y-')));
  lower = join(folder, 'lower');
  for (const path of ['docs/a', 'docs/sub/b', 'src/c']) {
    await mkdir(join(lower, path, '..'), { recursive: true });
    await writeFile(join(lower, path), `${path}\n`);
  }
  const owner = bwrap && spaceOwner(bwrap);
  if (owner !== undefined) await run('chown', ['-R', `${owner}:${owner}`, lower]);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

(named.length > 0 ? describe.each(named) : describe.skip.each([['none', undefined] as const]))(
  'a space over a tree: %s',
  (_, overlay: OverlayFeatures | undefined) => {
    const directory = () => join(folder, 'directory');
    const open = async (options: Partial<SpaceOptions> = {}) => {
      if (!bwrap) throw new Error('There is no bubblewrap.');
      await mkdir(directory());
      space = await openTreeSpace({ bwrap, overlay, lower, directory: directory(), ...options });
      return space;
    };
    afterEach(async () => {
      await space?.close();
      await space?.close();
      expect(await readdir(directory())).toEqual([]);
      await rm(directory(), { recursive: true });
      expect(await readFile('/proc/mounts', 'utf8')).not.toContain(folder);
    });
    const say = async (command: string) => {
      if (!bwrap || !space) throw new Error('There is no space.');
      const { output } = await runOnTree({ bwrap, space }, { command, timeoutMs: 20_000 });
      return output.toString();
    };

    it('shows the tree as it was prepared, takes every change, and leaves the tree below as it was', async () => {
      await open({ prepare: (tree) => rm(join(tree, 'src/c')) });
      expect(await say('find . -type f | sort; echo x > docs/a; mv docs/sub src/; rm -r docs; ls src/sub')).toBe(
        './docs/a\n./docs/sub/b\nb\n',
      );
      space?.assertThere();
      expect((await readdir(space?.visible.tree ?? '', { recursive: true })).toSorted()).toEqual(['src', 'src/sub', 'src/sub/b']); // prettier-ignore
      expect(await readFile(join(lower, 'docs/a'), 'utf8')).toBe('docs/a\n');
      expect(await readdir(join(lower, 'src'))).toEqual(['c']);
    });

    it('takes as many bytes as it may', async () => {
      await open({ limits: { ...SPACE_LIMITS, bytes: 4 << 20 } });
      const said = await say(
        'head -c 3000000 /dev/zero > docs/x && echo fits; cat /dev/zero > docs/y || exit; sleep 30',
      );
      expect(said).toMatch(/^fits\n.*(No space left|stopped: more than 4 MiB of files)/s);
    });

    it('takes as many files as it may', async () => {
      await open({ limits: { ...SPACE_LIMITS, files: 200 } });
      const said = await say(
        'i=0; while [ $i -lt 400 ] && : > docs/f$i; do i=$((i+1)); done; [ $i -lt 400 ] || sleep 30',
      );
      expect(said).toMatch(/No space left|stopped: more than \d+ files/);
    });
  },
);
