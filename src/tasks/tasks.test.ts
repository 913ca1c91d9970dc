import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sprintStream, taskStream, type AgentId, type Epoch, type Oid, type Sha256, type Version } from '#contracts';
import { event } from '#domain';
import { commandHash, newId, type StreamWrite } from '#event-store';
import {
  ada,
  approved,
  baseVerified,
  plan,
  proposed,
  queued,
  requested,
  sprintId,
  started,
} from '../../libs/domain/src/plan.fixture.js';
import { openRooms, type Rooms } from '../../test/harness/rooms.js';
import { ArtifactsModule } from '../artifacts/artifacts.module.js';
import { IsolationModule } from '../isolation/isolation.module.js';
import { OrchestratorModule } from '../orchestrator/orchestrator.module.js';
import { LiveWorld } from '../world/live-world.port.js';
import { WorldModule } from '../world/world.module.js';
import { TasksModule } from './tasks.module.js';

const { taskId } = queued.data.task;
const gone = '/nowhere/hyper-run/gone';

/** A task that was decided to be published, by a worker that has died since. */
const abandoned = (): StreamWrite[] => {
  const guard = { kind: 'exact', version: 0 as Version } as const;
  const stream = taskStream(taskId);
  const sealed = { stream, version: 2 as Version, hash: 'c'.repeat(64) as Sha256 };
  const decided = {
    attempt: 1,
    tree: 'b'.repeat(40) as Oid,
    commit: 'c'.repeat(40) as Oid,
    branch: `hyper-run/${taskId}`,
    pack: 'd'.repeat(64) as Sha256,
    sealed,
  };
  return [
    {
      stream: sprintStream(sprintId),
      guard,
      subjects: { sprintId },
      events: [requested, proposed, approved, baseVerified('passed'), started],
    },
    {
      stream,
      guard,
      raiseEpoch: true,
      subjects: { sprintId, taskId },
      events: [
        event('task.queued', { ...queued.data, repositoryPath: gone }),
        event('task.claimed', { worker: ada, agentId: 'links-1' as AgentId, epoch: 1 as Epoch, attempt: 1 }),
        event('task.publish-decided', decided),
      ],
    },
  ];
};

describe('a task whose branch cannot be made because the repository is gone', () => {
  let rooms: Rooms;
  beforeAll(async () => {
    rooms = await openRooms({
      imports: [IsolationModule, ArtifactsModule, WorldModule, OrchestratorModule, TasksModule],
    });
  });
  afterAll(() => rooms.close());

  it('is blocked after one try and says so, instead of being tried without end', async () => {
    const live = rooms.app.get(LiveWorld);
    const { store } = rooms;
    await store.append({
      commandId: newId(),
      commandHash: commandHash(plan.planId),
      actor: 'system',
      writes: abandoned(),
    });
    await live.until((world) => world.tasks.get(taskId)?.status === 'blocked');
    const told = (await store.read(taskStream(taskId))).map(({ type }) => type);
    expect(told).toEqual([
      'task.queued',
      'task.claimed',
      'task.publish-decided',
      'task.attempt-interrupted',
      'task.claimed',
      'task.blocked',
      'alert.raised',
    ]);
    expect([...live.world.alerts.values()]).toMatchObject([{ severity: 'critical', kind: 'repository.not-found' }]);
  });
});
