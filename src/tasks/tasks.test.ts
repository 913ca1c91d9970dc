import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  HyperRunError,
  sprintStream,
  taskStream,
  type AgentId,
  type AnyEvent,
  type Epoch,
  type Oid,
  type Sha256,
  type StreamName,
  type Version,
} from '#contracts';
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
import { DROPPED } from './job.port.js';
import { TasksModule } from './tasks.module.js';

const { taskId } = queued.data.task;
const gone = '/nowhere/hyper-run/gone';

const guard = { kind: 'exact', version: 0 as Version } as const;
const stream = taskStream(taskId);
const ofGone = event('task.queued', { ...queued.data, repositoryPath: gone });

const inSprint = (ofTask: StreamWrite): StreamWrite[] => [
  {
    stream: sprintStream(sprintId),
    guard,
    subjects: { sprintId },
    events: [requested, proposed, approved, baseVerified('passed'), started],
  },
  ofTask,
];

/** A task that was decided to be published, by a worker that has died since. */
const abandoned = (): StreamWrite[] => {
  const sealed = { stream, version: 2 as Version, hash: 'c'.repeat(64) as Sha256 };
  const decided = {
    attempt: 1,
    tree: 'b'.repeat(40) as Oid,
    commit: 'c'.repeat(40) as Oid,
    branch: `hyper-run/${taskId}`,
    pack: 'd'.repeat(64) as Sha256,
    sealed,
  };
  return inSprint({
    stream,
    guard,
    raiseEpoch: true,
    subjects: { sprintId, taskId },
    events: [
      ofGone,
      event('task.claimed', { worker: ada, agentId: 'links-1' as AgentId, epoch: 1 as Epoch, attempt: 1 }),
      event('task.publish-decided', decided),
    ],
  });
};

const open = (): Promise<Rooms> =>
  openRooms({ imports: [IsolationModule, ArtifactsModule, WorldModule, OrchestratorModule, TasksModule] });

describe('a task whose branch cannot be made because the repository is gone', () => {
  let rooms: Rooms;
  beforeAll(async () => {
    rooms = await open();
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

describe('work that its worker could not give back while the log was away', () => {
  let rooms: Rooms;
  beforeEach(async () => {
    rooms = await open();
  });
  afterEach(() => rooms.close());

  /** The log is away when this type of event is to be told for the first time; then this happened to a stream. */
  const untilGivenBack = async (type: string, writes: StreamWrite[], of: StreamName): Promise<AnyEvent | undefined> => {
    const { store } = rooms;
    const append = store.append.bind(store);
    let refused = false;
    store.append = (wanted) => {
      if (refused || !wanted.writes.some(({ events }) => events.some((one) => one.type === type)))
        return append(wanted);
      refused = true;
      return Promise.reject(new HyperRunError('log.unavailable', 'The log is away.', {}, 'retry'));
    };
    await append({ commandId: newId(), commandHash: commandHash(plan.planId), actor: 'system', writes });
    const over = new AbortController();
    for await (const batch of store.subscribe(await store.top(), over.signal))
      if (batch.some(({ event: told }) => told.type === type)) over.abort();
    expect(refused).toBe(true);
    return (await store.read(of)).find((told) => told.type === type);
  };

  it('is given back when the log is there again, by the worker itself, which lives on: a task', async () => {
    const writes = inSprint({ stream, guard, subjects: { sprintId, taskId }, events: [ofGone] });
    expect(await untilGivenBack('task.attempt-interrupted', writes, stream)).toMatchObject({
      actor: expect.stringMatching(/^worker:/),
      data: { attempt: 1, reason: DROPPED },
    });
  });

  it('is given back so: the verification of a base', async () => {
    const of = sprintStream(sprintId);
    const writes = [{ stream: of, guard, subjects: { sprintId }, events: [requested, proposed, approved] }];
    expect(await untilGivenBack('sprint.base-verification-interrupted', writes, of)).toMatchObject({
      actor: expect.stringMatching(/^worker:/),
      data: { attempt: 1, reason: DROPPED },
    });
  });
});
