import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { git, makeRepository } from '../../test/harness/repositories.js';
import { openRooms, type Rooms } from '../../test/harness/rooms.js';
import { WorldModule } from '../world/world.module.js';
import { RepositoriesModule } from './repositories.module.js';

describe('the folders that the service may work in', () => {
  let rooms: Rooms;
  let allowed: string;
  let elsewhere: string;

  const register = async (path: string) => {
    const response = await rooms.fetch('/repositories', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ path }),
    });
    const { code } = (await response.json()) as { readonly code?: string };
    return { status: response.status, code };
  };

  beforeAll(async () => {
    allowed = await mkdtemp(join(tmpdir(), 'hyper-run-allowed-'));
    elsewhere = await mkdtemp(join(tmpdir(), 'hyper-run-elsewhere-'));
    rooms = await openRooms({ env: { HYPER_RUN_REPOSITORIES: allowed }, imports: [WorldModule, RepositoriesModule] });
  });
  afterAll(async () => {
    await rooms.close();
    await rm(allowed, { recursive: true, force: true });
    await rm(elsewhere, { recursive: true, force: true });
  });

  it('let in what lies below them, also a linked work tree of it', async () => {
    const own = await makeRepository(allowed, 'own', { 'a.md': '# A\n' });
    await git(own, 'worktree', 'add', '--quiet', '--detach', join(allowed, 'linked'));
    expect(await register(own)).toEqual({ status: 201 });
    expect(await register(join(allowed, 'linked'))).toEqual({ status: 201 });
  });

  it('keep out what lies elsewhere', async () => {
    const foreign = await makeRepository(elsewhere, 'foreign', { 'a.md': '# A\n' });
    expect(await register(foreign)).toEqual({ status: 403, code: 'repository.not-allowed' });
  });

  it('keep out a folder within them whose git directory lies elsewhere', async () => {
    const foreign = await makeRepository(elsewhere, 'target', { 'a.md': '# A\n' });
    await mkdir(join(allowed, 'disguise'));
    await writeFile(join(allowed, 'disguise', '.git'), `gitdir: ${foreign}/.git\n`);
    expect(await register(join(allowed, 'disguise'))).toEqual({ status: 403, code: 'repository.outside-roots' });
  });

  it('answer a repository that git cannot read with what git says', async () => {
    const broken = await makeRepository(allowed, 'broken', { 'a.md': '# A\n' });
    await writeFile(join(broken, '.git', 'HEAD'), 'garbage');
    expect(await register(broken)).toEqual({ status: 422, code: 'repository.unreadable' });
  });
});
