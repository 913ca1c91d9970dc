import { describe, expect, it } from '@jest/globals';
import type { TaskId } from '#contracts';
import { event } from '#domain';
import {
  collected,
  crashed,
  failed,
  opened,
  openedInBoth,
  sprint,
  tasks,
} from '../../libs/domain/src/failing-agent.fixture.js';
import { ada, claimed } from '../../libs/domain/src/plan.fixture.js';
import { worldOf } from '../../libs/domain/src/world.fixture.js';
import { startable, withAgents } from './startable.js';

describe('the tasks of an agent whose circuit is open', () => {
  const ids = (world: ReturnType<typeof worldOf>) => startable(world).map(({ taskId }) => taskId);
  it('wait: the first of them may be tried once the time is over, the same for every worker', () => {
    expect(ids(worldOf(...failed))).toEqual(['t-1', 't-2']);
    expect(startable(worldOf(...failed, ...openedInBoth(30_000)))).toEqual([
      { taskId: 't-1' as TaskId, notBefore: 30_000 },
    ]);
  });
  it('wait until it is known what the one try came to', () => {
    const trying = [...failed, ...openedInBoth(15_000), ['task-t-1', claimed(4)] as const];
    expect(ids(worldOf(...trying))).toEqual([]);
    expect(ids(worldOf(...trying, ['task-t-1', crashed(4)]))).toEqual([]);
    const closed = ['agent-links-1', event('agent.circuit-closed', {})] as const;
    expect(ids(worldOf(...trying, ['task-t-1', collected], closed))).toEqual(['t-2']);
  });
  it('let the next one try when the worker of the first was lost', () => {
    const later = [['agent-links-1', opened(15_000)] as const];
    const lost = event('task.attempt-interrupted', { attempt: 4, worker: ada, reason: 'lost' });
    const world = worldOf(...failed, ...later, ['task-t-1', claimed(4)], ['task-t-1', lost]);
    expect(startable(world)).toEqual([{ taskId: 't-1' as TaskId, notBefore: 15_000 }]);
  });
});

describe('a task that is left alone for a while', () => {
  it('may be claimed from then on, and not before', () => {
    const rests = event('task.attempt-interrupted', {
      attempt: 1,
      worker: ada,
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

describe('tasks of agents that live elsewhere', () => {
  it('are begun for as many of them as wait for one, those of others at once', () => {
    const world = worldOf(...sprint, ...tasks);
    const begun = (isRemote: boolean, free: number) =>
      withAgents(startable(world), world, { isRemote: () => isRemote, free: () => free }).map(({ taskId }) => taskId);
    expect([0, 1, 2].map((free) => begun(true, free))).toEqual([[], ['t-1'], ['t-1', 't-2']]);
    expect(begun(false, 0)).toEqual(['t-1', 't-2']);
  });
  it('are not kept waiting by one that rests', () => {
    const rests = event('task.attempt-interrupted', { attempt: 1, worker: ada, reason: 'x', retryAfterMs: 8000 });
    const world = worldOf(...sprint, ...tasks, ['task-t-1', claimed(1)], ['task-t-1', rests]);
    const begun = withAgents(startable(world), world, { isRemote: () => true, free: () => 1 });
    expect(begun).toEqual([{ taskId: 't-1', notBefore: 18_000 }, { taskId: 't-2' }]);
  });
});
