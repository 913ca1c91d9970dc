import { describe, expect, it } from '@jest/globals';
import type { AgentId, Epoch, TaskId } from '#contracts';
import { event } from '#domain';
import * as fixture from '../../libs/domain/src/plan.fixture.js';
import { worldOf } from '../../libs/domain/src/world.fixture.js';
import { startable } from './startable.js';

const registered = (id: string) =>
  event('agent.registered', { agentId: id as AgentId, kind: 'links', name: id, role: 'Repairs links' });
const claimed = (attempt: number) =>
  event('task.claimed', { worker: fixture.ada, agentId: 'links-1' as AgentId, attempt, epoch: attempt as Epoch });
const crashed = (attempt: number) =>
  event('task.attempt-interrupted', { attempt, worker: fixture.ada, reason: 'x', trouble: 'crashed' });
const opened = (until: number) => event('agent.circuit-opened', { failures: 3, until });
const collected = event('task.candidate-collected', {
  attempt: 1,
  tree: fixture.publishDecided.data.tree,
  files: [],
  patch: fixture.publishDecided.data.pack,
});
const budgets = { ...fixture.plan.budgets, attempts: 9 };
const queued = (id: string) => event('task.queued', { ...fixture.queued.data, budgets, task: fixture.plannedTask(id) });

const sprint = [
  fixture.requested,
  fixture.analysisClaimed,
  fixture.proposed,
  fixture.approved,
  fixture.baseVerified('passed'),
  fixture.started,
].map((one) => ['sprint-s-1', one] as const);
const crew = ['links-1', 'links-2'].map((id) => [`agent-${id}`, registered(id)] as const);
const failing = [1, 2, 3].flatMap((attempt) =>
  [claimed(attempt), crashed(attempt)].map((one) => ['task-t-1', one] as const),
);
const tasks = ['t-1', 't-2'].map((id) => [`task-${id}`, queued(id)] as const);
const told = [...sprint, ...crew, ...tasks, ...failing];
const bothOpened = ['agent-links-1', 'agent-links-2'].map((stream) => [stream, opened(30_000)] as const);

describe('the tasks of an agent whose circuit is open', () => {
  const ids = (world: ReturnType<typeof worldOf>) => startable(world).map(({ taskId }) => taskId);
  it('wait: the first of them may be tried once the time is over, the same for every worker', () => {
    expect(ids(worldOf(...told))).toEqual(['t-1', 't-2']);
    expect(startable(worldOf(...told, ...bothOpened))).toEqual([{ taskId: 't-1' as TaskId, notBefore: 30_000 }]);
  });
  it('wait until it is known what the one try came to', () => {
    const later = ['agent-links-1', 'agent-links-2'].map((stream) => [stream, opened(15_000)] as const);
    const trying = [...told, ...later, ['task-t-1', claimed(4)] as const];
    expect(ids(worldOf(...trying))).toEqual([]);
    expect(ids(worldOf(...trying, ['task-t-1', crashed(4)]))).toEqual([]);
    const closed = ['agent-links-1', event('agent.circuit-closed', {})] as const;
    expect(ids(worldOf(...trying, ['task-t-1', collected], closed))).toEqual(['t-2']);
  });
  it('let the next one try when the worker of the first was lost', () => {
    const later = [['agent-links-1', opened(15_000)] as const];
    const lost = event('task.attempt-interrupted', { attempt: 4, worker: fixture.ada, reason: 'lost' });
    const world = worldOf(...told, ...later, ['task-t-1', claimed(4)], ['task-t-1', lost]);
    expect(startable(world)).toEqual([{ taskId: 't-1' as TaskId, notBefore: 15_000 }]);
  });
});

describe('a task that is left alone for a while', () => {
  it('may be claimed from then on, and not before', () => {
    const rests = event('task.attempt-interrupted', {
      attempt: 1,
      worker: fixture.ada,
      reason: 'x',
      retryAfterMs: 8000,
    });
    const world = worldOf(...sprint, ...tasks, ['task-t-1', claimed(1)], ['task-t-1', rests]);
    expect(startable(world)).toEqual([
      { taskId: 't-1' as TaskId, notBefore: 10_000 + 8000 },
      { taskId: 't-2' as TaskId },
    ]);
  });
});
