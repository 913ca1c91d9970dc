import { access, mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LostWork } from './lost-work.js';

describe('what workers left that died', () => {
  let root: string;
  let lost: LostWork;
  const living = new Set(['w-living']);

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'hyper-run-lost-'));
    const redis = {
      mget: (keys: string[]) => keys.map((key) => ([...living].some((id) => key.endsWith(id)) ? '1' : null)),
    };
    const parts = [{ worker: 'w-own' }, redis, { dataDirectory: root, leaseSeconds: 0 }] as const;
    lost = new LostWork(...(parts as unknown as ConstructorParameters<typeof LostWork>));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  const left = async (path: string) => {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), '');
    return path;
  };
  const there = async (paths: readonly string[]) => {
    const found = await Promise.all(paths.map((path) => access(join(root, path)).then(() => [path], () => []))); // prettier-ignore
    return found.flat();
  };

  it('goes at the start: candidates, overlays, half-written files and sockets; and nothing of those that live', async () => {
    const half = `artifacts/aa/${'a'.repeat(64)}.0b6c1d5e-0000-4000-8000-000000000000`;
    const gone = [
      await left('work/w-dead/t-1/objects/ab/cd'),
      await left('work/w-dead/t-2/workspace/upper/docs/page.md'),
      await left(half),
      // No process has a number as large as that.
      await left('r.4194305.0123ab'),
    ];
    await utimes(join(root, half), 0, 0);
    const kept = [
      await left('work/w-living/t-1/objects/ab/cd'),
      await left('work/w-own/t-1/objects/ab/cd'),
      await left(`artifacts/aa/${'a'.repeat(64)}`),
      await left(`m.${process.pid}.0123ab`),
    ];
    await lost.sweep();
    expect(await there([...gone, ...kept])).toEqual(kept);
  });
});
