import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Oid } from '#contracts';
import { GitRepository } from '#git';
import { compileScope, VirtualTree } from '#workspace';
import { queued } from '../../libs/domain/src/plan.fixture.js';
import { makeRepository } from '../../test/harness/repositories.js';
import { ArtifactStore } from '../artifacts/artifact-store.port.js';
import type { Attempt } from './attempt.js';
import { CandidateGate } from './candidate-gate.js';

describe('the gate', () => {
  let folder: string;
  let repository: GitRepository;
  let baseCommit: Oid;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hyper-run-gate-'));
    const path = await makeRepository(folder, 'pages', {
      '.hyper-run.json': '{ "protect": ["docs/legal/**"] }',
      'docs/legal/terms.md': '# Terms\n',
      'docs/page.md': '# Page\n',
    });
    repository = await GitRepository.open(path);
    baseCommit = await repository.head();
  });
  afterAll(async () => {
    repository.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** What the gate says to a candidate whose agent was not held by any scope of its own. */
  const judge = async (path: string) => {
    const spec = { ...queued.data, baseCommit, task: { ...queued.data.task, paths: [path] } };
    const attempt = {
      claimed: { attempt: 1, spec },
      say: () => undefined,
      outbox: { record: () => Promise.resolve() },
    };
    const tree = await VirtualTree.at({
      repository,
      commit: baseCommit,
      scope: compileScope({ patterns: ['docs/**'] }),
    });
    await tree.write(path, Buffer.from('# Changed\n'));
    const gate = new CandidateGate(new ArtifactStore(join(folder, 'artifacts')));
    const directory = await mkdtemp(join(folder, 'objects-'));
    return gate.pass(attempt as unknown as Attempt, repository, tree, directory);
  };

  it('lets through what lies inside the scope of the task', async () => {
    expect((await judge('docs/page.md')).files).toMatchObject([{ path: 'docs/page.md' }]);
  });

  it('stops what the repository itself protects, although the scope and the task name it', async () => {
    await expect(judge('docs/legal/terms.md')).rejects.toMatchObject({
      kind: 'scope-violated',
      message: 'The candidate reaches outside its scope: docs/legal/terms.md (protected.configured).',
    });
  });
});
