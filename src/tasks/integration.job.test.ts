import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sprintStream, type Oid, type Version } from '#contracts';
import { event } from '#domain';
import { commandHash, newId } from '#event-store';
import {
  ada,
  completed,
  integrationDecided,
  integrationRequested,
  plan,
  sprintId,
} from '../../libs/domain/src/plan.fixture.js';
import { git, makeRepository } from '../../test/harness/repositories.js';
import { openRooms, type Rooms } from '../../test/harness/rooms.js';
import { ArtifactStore } from '../artifacts/artifact-store.port.js';
import { ArtifactsModule } from '../artifacts/artifacts.module.js';
import { IsolationModule } from '../isolation/isolation.module.js';
import { OrchestratorModule } from '../orchestrator/orchestrator.module.js';
import { LiveWorld } from '../world/live-world.port.js';
import { WorldModule } from '../world/world.module.js';
import { TasksModule } from './tasks.module.js';

describe('a branch of a whole sprint that was decided on by a worker that has died since', () => {
  let rooms: Rooms;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hyper-run-integration-'));
    rooms = await openRooms({
      imports: [IsolationModule, ArtifactsModule, WorldModule, OrchestratorModule, TasksModule],
    });
  });
  afterAll(async () => {
    await rooms.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('is given up where somebody has made another of its name, which is left alone', async () => {
    const path = await makeRepository(folder, 'pages', { 'docs/page.md': '# Page\n' });
    const { branch } = integrationDecided.data;
    await git(path, 'branch', branch);
    const taken = (await git(path, 'rev-parse', branch)) as Oid;
    const pack = await rooms.app.get(ArtifactStore).put(Buffer.from('a pack'));
    const here = { ...plan, repository: { ...plan.repository, path } };
    const history = completed.map((told) =>
      told.type === 'sprint.plan-proposed' ? event('sprint.plan-proposed', { plan: here }) : told,
    );
    const claimed = event('sprint.integration-claimed', { worker: ada, attempt: 1 });
    const decided = event('sprint.integration-decided', { ...integrationDecided.data, pack });
    const stream = sprintStream(sprintId);
    await rooms.store.append({
      commandId: newId(),
      commandHash: commandHash(path),
      actor: 'system',
      writes: [
        {
          stream,
          guard: { kind: 'exact', version: 0 as Version },
          subjects: { sprintId },
          events: [...history, integrationRequested, claimed, decided],
        },
      ],
    });
    const integrationOf = () => {
      const state = rooms.app.get(LiveWorld).world.sprints.get(sprintId);
      return state?.status === 'completed' ? state.integration : undefined;
    };
    await rooms.app.get(LiveWorld).until(() => integrationOf()?.status === 'failed');
    expect(integrationOf()).toMatchObject({
      failure: { reason: expect.stringContaining(`Branch ${branch} already points to ${taken}`) },
    });
    const told = (await rooms.store.read(stream)).map(({ type }) => type);
    expect(told.slice(-4)).toEqual([
      'sprint.integration-decided',
      'sprint.integration-interrupted',
      'sprint.integration-claimed',
      'sprint.integration-failed',
    ]);
    expect(await git(path, 'rev-parse', branch)).toBe(taken);
  });
});
