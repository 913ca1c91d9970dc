import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeRepository } from '../../test/harness/repositories.js';
import { openRooms, type Rooms } from '../../test/harness/rooms.js';
import { ArtifactsModule } from '../artifacts/artifacts.module.js';
import { RepositoriesModule } from '../repositories/repositories.module.js';
import { StreamModule } from '../stream/stream.module.js';
import { WorldModule } from '../world/world.module.js';
import { SearchModule } from './search.module.js';

const FILES = {
  'src/atlas.ts': 'export const openAtlas = (page: number) => `page ${page} of the atlas`;\n',
  'src/hidden/plans.ts': 'export const openTreasury = () => "the treasury lies below the atlas";\n',
  'docs/index.md': '# Atlas\n\nHow to open the atlas.\n',
  '.hyper-run.json': '{ "unreadable": ["src/hidden/**"] }\n',
};

interface Answer {
  readonly items: readonly { readonly path: string; readonly snippet: string }[];
  readonly node: { readonly children: readonly { readonly path: string; readonly skipped?: string }[] };
  readonly code: string;
  readonly errors: readonly { readonly field: string }[];
  readonly skipped: Readonly<Record<string, number>>;
}

describe('the search over HTTP', () => {
  let rooms: Rooms;
  let folder: string;

  const ask = async (path: string) => {
    const response = await rooms.fetch(path);
    return { status: response.status, body: (await response.json()) as Answer };
  };

  beforeAll(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'hyper-run-search-')));
    const path = await makeRepository(folder, 'atlas', FILES);
    rooms = await openRooms({
      imports: [ArtifactsModule, WorldModule, StreamModule, RepositoriesModule, SearchModule],
      env: { HYPER_RUN_REPOSITORIES: folder },
    });
    const added = await rooms.fetch('/repositories', {
      method: 'POST',
      body: JSON.stringify({ path }),
      headers: { 'content-type': 'application/json' },
    });
    expect(added.status).toBe(201);
  });
  afterAll(async () => {
    await rooms?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('finds the place that a question is about, best first', async () => {
    const { status, body } = await ask('/hafs/search?q=openAtlas');
    expect({ status, first: body.items[0] }).toMatchObject({
      status: 200,
      first: { path: 'src/atlas.ts', snippet: expect.stringContaining('openAtlas') },
    });
  });

  it('answers with no more than was asked for', async () => {
    expect((await ask('/hafs/search?q=atlas&limit=1')).body.items).toHaveLength(1);
    expect((await ask('/hafs/search?q=atlas&limit=2')).body.items).toHaveLength(2);
  });

  it('walks the tree', async () => {
    const { status, body } = await ask('/hafs/tree?path=src');
    expect({ status, paths: body.node.children.map(({ path }) => path) }).toEqual({
      status: 200,
      paths: ['src/hidden', 'src/atlas.ts'],
    });
  });

  it('does not find what the repository names unreadable, and says that it was left out', async () => {
    for (const question of ['openTreasury', 'treasury', 'atlas', 'src/hidden/plans.ts']) {
      const { body } = await ask(`/hafs/search?q=${encodeURIComponent(question)}`);
      expect(JSON.stringify(body.items)).not.toMatch(/treasury|hidden\/plans/i);
    }
    const { body } = await ask('/hafs/tree?path=src/hidden');
    expect(body.node.children).toMatchObject([{ path: 'src/hidden/plans.ts', skipped: 'unreadable', symbols: 0 }]);
    expect((await ask('/hafs/status')).body.skipped).toEqual({ unreadable: 1 });
  });

  it.each([
    ['an unknown repository', '/hafs/search?q=atlas&repository=r-none', 404, 'repository.unknown'],
    ['an unknown path', '/hafs/tree?path=nowhere', 404, 'hafs.path-not-found'],
    ['no question', '/hafs/search', 422, 'request.invalid'],
    ['a blank question', '/hafs/search?q=%20', 422, 'hafs.invalid-query'],
    ['a limit of nothing', '/hafs/search?q=atlas&limit=0', 422, 'request.invalid'],
    ['a limit beyond the limit', '/hafs/search?q=atlas&limit=101', 422, 'request.invalid'],
  ])('refuses %s', async (_, path, status, code) => {
    expect(await ask(path)).toMatchObject({ status, body: { code } });
  });

  it('names the field that is wrong', async () => {
    expect((await ask('/hafs/search?q=atlas&limit=0')).body.errors).toMatchObject([{ field: 'limit' }]);
  });
});
