import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
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
});
