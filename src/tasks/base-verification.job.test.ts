import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sprintStream, type Version } from '#contracts';
import { event, isActive, sprint } from '#domain';
import { commandHash, newId } from '#event-store';
import { GitRepository } from '#git';
import { ada, approved, plan, requested, sprintId } from '../../libs/domain/src/plan.fixture.js';
import { makeRepository } from '../../test/harness/repositories.js';
import { openRooms, type Rooms } from '../../test/harness/rooms.js';
import { ArtifactsModule } from '../artifacts/artifacts.module.js';
import { IsolationModule } from '../isolation/isolation.module.js';
import { Decisions } from '../world/decisions.port.js';
import { LiveWorld } from '../world/live-world.port.js';
import { WorldModule } from '../world/world.module.js';
import { BaseVerificationJobs } from './base-verification.job.js';
import { TasksModule } from './tasks.module.js';

describe('the verification of a base', () => {
  let rooms: Rooms;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hyper-run-base-'));
    rooms = await openRooms({
      env: { HYPER_RUN_ROLES: 'api', HYPER_RUN_ALLOW_UNCONFINED: 'true' },
      imports: [IsolationModule, ArtifactsModule, WorldModule, TasksModule],
    });
  });
  afterAll(async () => {
    await rooms.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** A sprint whose base takes ten minutes to verify. */
  const approveSlow = async (): Promise<void> => {
    const path = await makeRepository(folder, 'slow', { 'docs/page.md': '# Page\n' });
    const repository = await GitRepository.open(path);
    const baseCommit = await repository.head();
    repository.close();
    const commands = [{ name: 'test', command: 'sleep 600', origin: 'by hand' }];
    const verification = { ...plan.verification, commands, weak: false };
    const slow = { ...plan, baseCommit, verification, repository: { ...plan.repository, path } };
    await rooms.store.append({
      commandId: newId(),
      commandHash: commandHash(path),
      actor: 'system',
      writes: [
        {
          stream: sprintStream(sprintId),
          guard: { kind: 'exact', version: 0 as Version },
          subjects: { sprintId },
          events: [requested, event('sprint.plan-proposed', { plan: slow }), approved],
        },
      ],
    });
  };

  it('ends with the sprint that is cancelled, not with its commands', async () => {
    const live = rooms.app.get(LiveWorld);
    await approveSlow();
    const isClaimed = (claimed: boolean) =>
      live.until(({ sprints }) => {
        const state = sprints.get(sprintId);
        return state !== undefined && isActive(state) && (state.baseJob.claim !== undefined) === claimed;
      });
    await isClaimed(false);
    const [job] = rooms.app.get(BaseVerificationJobs).jobs(live.world);
    const running = job?.run({ worker: ada, slot: 1, signal: new AbortController().signal });
    await isClaimed(true);
    await rooms.app.get(Decisions).make({
      stream: sprintStream(sprintId),
      decider: sprint,
      command: { type: 'cancel', reason: 'By hand.' },
      issued: { id: 'cancel', actor: 'person:ada', body: {} },
      subjects: { sprintId },
    });
    await running;
    const told = (await rooms.store.read(sprintStream(sprintId))).map(({ type }) => type);
    expect(told.slice(3)).toEqual(['sprint.base-verification-claimed', 'sprint.cancelled']);
  });
});
