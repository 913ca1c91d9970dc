import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { EventData, Oid } from '#contracts';
import { baseVerified, plan } from '../../libs/domain/src/plan.fixture.js';
import { ArtifactStore } from './artifact-store.port.js';
import { KnownBases } from './known-bases.port.js';

const { verification } = plan;
const other = { ...verification, timeoutSeconds: 1 };

describe('a base that passed once', () => {
  let directory: string;
  let artifacts: ArtifactStore;
  let bases: KnownBases;
  let base: EventData<'sprint.base-verified'>;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hyper-run-bases-'));
    artifacts = new ArtifactStore(join(directory, 'artifacts'));
    bases = new KnownBases(join(directory, 'bases'), artifacts);
    const output = { tail: 'swordfish', bytes: 9, artifact: await artifacts.putText('swordfish') };
    const step = { name: 'test', command: 'npm test', outcome: 'passed', exitCode: 0, durationMs: 1, output } as const;
    base = { ...baseVerified('passed').data, steps: [step] };
    await bases.remember(base, verification);
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  it('is known for the same tree, commands and set-up, and for no others', async () => {
    expect(await bases.find(base.tree, verification)).toEqual(base);
    expect(await bases.find(base.tree, other)).toBeUndefined();
    expect(await bases.find('c'.repeat(40) as Oid, verification)).toBeUndefined();
  });

  it('is not known any more once it is forgotten; others are', async () => {
    await bases.remember(base, other);
    await bases.forget(base.tree, verification);
    expect(await bases.find(base.tree, verification)).toBeUndefined();
    expect(await bases.find(base.tree, other)).toEqual(base);
  });

  it('is not known where what it printed was let go of', async () => {
    const { artifact = '' } = base.steps[0]?.output ?? {};
    await artifacts.remove(artifact as never, 'kept for a day.');
    expect(await bases.find(base.tree, verification)).toBeUndefined();
  });
});
