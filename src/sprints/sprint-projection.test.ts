import { describe, expect, it } from '@jest/globals';
import {
  sprintStream,
  taskStream,
  type AgentId,
  type AnyEvent,
  type Epoch,
  type Oid,
  type StreamName,
  type TaskId,
} from '#contracts';
import { event, evolveWorld, newWorld, type WorldEvent } from '#domain';
import type { FeedEntry } from '#event-store';
import {
  ada,
  approved,
  plannedTask,
  proposed,
  queued,
  requested,
  settled,
  sprintId,
  started,
} from '../../libs/domain/src/plan.fixture.js';
import { SprintProjection } from './sprint-projection.js';

const [T1, T2] = ['t-1', 't-2'] as TaskId[];
const own = sprintStream(sprintId);

/** A log of its own: what happens is folded into a world, and told to a projection in one batch. */
const log = () => {
  const world = newWorld();
  let position = 0;
  const versions = new Map<StreamName, number>();
  const happen = (...events: readonly (readonly [StreamName, AnyEvent])[]) => {
    const batch = events.map(([stream, told]) => {
      const version = (versions.get(stream) ?? 0) + 1;
      versions.set(stream, version);
      position++;
      const taskId = stream.startsWith('task-') ? (stream.slice(5) as TaskId) : undefined;
      const meta = { stream, version, position, time: position, actor: 'system', sprintId, taskId };
      return { stream, version, position, event: { ...told, ...meta } } as unknown as FeedEntry & { event: WorldEvent };
    });
    for (const { event: told } of batch) evolveWorld(world, told);
    return batch;
  };
  return { world, happen };
};

const task = (id = T1) => taskStream(id ?? ('' as TaskId));
const claimed = event('task.claimed', { worker: ada, agentId: 'links-1' as AgentId, epoch: 1 as Epoch, attempt: 1 });
const passed = event('task.passed', { branch: 'hyper-run/t-1', commit: 'c'.repeat(40) as Oid });
const queuedAs = (id: string) => ({ ...queued, data: { ...queued.data, task: plannedTask(id) } });
const declinedAs = (id: string) => event('task.declined', { sprintId, task: plannedTask(id) });
const completed = event('sprint.completed', {
  outcome: 'completed',
  tasks: { passed: 1, failed: 0, cancelled: 0, declined: 1, discarded: 0 },
  heads: [],
});
const onlyFirst = { ...approved, data: { ...approved.data, taskIds: [T1 as TaskId], declined: [T2 as TaskId] } };

const shown = (projection: SprintProjection) =>
  projection.entities().map(({ kind, id, revision, view }) => {
    const { status } = view() as { status?: string };
    return `${kind} ${id} ${status}@${revision}`;
  });

describe('a sprint as it is shown', () => {
  it('is its plan, itself, its tasks and its alerts, each with the position that changed it last', () => {
    const { world, happen } = log();
    happen(
      [own, requested],
      [own, proposed],
      [own, onlyFirst],
      [task(T1), queuedAs('t-1')],
      [task(T2), declinedAs('t-2')],
    );
    const projection = new SprintProjection(world, sprintId, new Map());
    expect(shown(projection)).toEqual([
      'plan s-1 approved@3',
      'sprint s-1 approved@3',
      'budgets s-1 undefined@5',
      'task t-1 queued@4',
      'task t-2 declined@5',
    ]);
    const alert = event('alert.raised', {
      alertId: 'a-1',
      severity: 'warning',
      kind: 'task.stalled',
      text: 'Nothing.',
    });
    projection.fold(happen([own, started], [task(T1), claimed], [task(T1), alert]));
    expect(shown(projection)).toEqual([
      'plan s-1 approved@6',
      'sprint s-1 running@6',
      'budgets s-1 undefined@7',
      'task t-1 working@7',
      'task t-2 declined@5',
      'alert a-1 undefined@8',
    ]);
  });

  it('tells what its tasks have used together, without the time in which it was paused', () => {
    const { world, happen } = log();
    happen([own, requested], [own, proposed], [own, onlyFirst], [task(T1), queuedAs('t-1')], [own, started]);
    const projection = new SprintProjection(world, sprintId, new Map());
    const used = () => {
      const views = projection.entities().filter(({ kind }) => kind === 'budgets');
      const told = views.map(({ view }) => view() as { budgets: readonly { budget: string; used: number }[] });
      return Object.fromEntries(told.flatMap(({ budgets }) => budgets.map((each) => [each.budget, each.used])));
    };
    const read = event('action.file-read', { attempt: 1, origin: 'observed', path: 'a.md', bytes: 1 });
    projection.fold(happen([task(T1), claimed], [task(T1), read]));
    expect(used()).toMatchObject({ wallSeconds: 0.001, toolCalls: 1 });
    projection.fold(happen([own, event('sprint.paused', { reason: 'Tea.' })], [own, event('sprint.resumed', {})]));
    projection.fold(happen([task(T1), read]));
    expect(used()).toMatchObject({ wallSeconds: 0.003, toolCalls: 2 });
  });

  it('keeps its tasks when it ends in the same batch as they do', () => {
    const { world, happen } = log();
    happen([own, requested], [own, proposed]);
    const projection = new SprintProjection(world, sprintId, new Map());
    projection.fold(
      happen([own, onlyFirst], [task(T1), queuedAs('t-1')], [task(T2), declinedAs('t-2')], [own, started]),
    );
    projection.fold(happen([task(T1), claimed], [task(T1), passed], [own, settled('t-1')], [own, completed]));
    expect(world.tasks.size).toBe(0);
    expect(shown(projection)).toEqual([
      'plan s-1 approved@10',
      'sprint s-1 completed@10',
      'budgets s-1 undefined@10',
      'task t-1 passed@8',
      'task t-2 declined@5',
    ]);
  });

  it('takes no part in what happens to others', () => {
    const { world, happen } = log();
    happen([own, requested], [own, proposed]);
    const projection = new SprintProjection(world, sprintId, new Map());
    const before = shown(projection);
    const others = happen([taskStream('t-9' as TaskId), queuedAs('t-9')]).map((entry) => ({
      ...entry,
      event: { ...entry.event, sprintId: 's-9' },
    }));
    projection.fold(others as unknown as FeedEntry[]);
    expect(shown(projection)).toEqual(before);
  });
});
