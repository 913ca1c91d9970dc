import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Sha256 } from '#contracts';
import { ArtifactStore } from './artifact-store.port.js';

describe('an artefact', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hyper-run-artifacts-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  it('comes back byte for byte under the hash that was given out', async () => {
    const store = new ArtifactStore(directory);
    const body = Buffer.from([0, 255, 10, 13]);
    expect(await store.get(await store.put(body))).toEqual(body);
  });

  it('is there once, however many put it at the same instant', async () => {
    const store = new ArtifactStore(directory);
    const hashes = await Promise.all(Array.from({ length: 20 }, () => store.putText('the same')));
    expect(new Set(hashes).size).toBe(1);
    expect(await readdir(join(directory, hashes[0]?.slice(0, 2) ?? ''))).toEqual([hashes[0]]);
  });

  it('that was altered or is gone is named, not handed out', async () => {
    const store = new ArtifactStore(directory);
    const sha = await store.putText('the truth');
    await writeFile(join(directory, sha.slice(0, 2), sha), 'a lie');
    await expect(store.get(sha)).rejects.toMatchObject({ code: 'artifact.altered' });
    await expect(store.get('0'.repeat(64) as Sha256)).rejects.toMatchObject({ code: 'artifact.missing' });
  });

  it('goes when nobody has put it there since a time, and says why; else it stays', async () => {
    const store = new ArtifactStore(directory);
    const [old, again] = await Promise.all([store.putText('old'), store.putText('again')]);
    const [day, hour] = [new Date(Date.now() - 86_400_000), Date.now() - 3_600_000];
    for (const sha of [old, again]) await utimes(join(directory, sha.slice(0, 2), sha), day, day);
    await store.putText('again');
    for (const sha of [old, again]) await store.removeOlder(sha, hour, 'kept for an hour.');
    await expect(store.get(old)).rejects.toMatchObject({ code: 'artifact.removed' });
    expect(await store.get(again)).toEqual(Buffer.from('again'));
    expect(await store.renew(old)).toBe(false);
    await store.putText('old');
    expect(await store.get(old)).toEqual(Buffer.from('old'));
  });

  it('is there for whoever puts it while it is let go of', async () => {
    const store = new ArtifactStore(directory);
    for (let round = 0; round < 20; round++) {
      const sha = await store.putText('wanted');
      const path = join(directory, sha.slice(0, 2), sha);
      await utimes(path, new Date(0), new Date(0));
      await Promise.all([store.removeOlder(sha, Date.now() - 3_600_000, 'old.'), store.putText('wanted')]);
      expect(await store.get(sha)).toEqual(Buffer.from('wanted'));
    }
  });
});
