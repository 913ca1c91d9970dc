import { describe, expect, it } from '@jest/globals';
import type { AgentId, TaskId } from '#contracts';
import { event, isTaskEnd } from '#domain';
import { sprint, tasks } from '../../libs/domain/src/failing-agent.fixture.js';
import { ada, claimed } from '../../libs/domain/src/plan.fixture.js';
import { worldOf, type Happened } from '../../libs/domain/src/world.fixture.js';
import { kindOf, slotOf, standingOf } from './standing.js';

const named = { agentId: 'links-1' as AgentId, taskId: 't-1' as TaskId, attempt: 1 };
const standing = (more: Partial<typeof named>, ...events: readonly Happened[]) => {
  const told = standingOf(worldOf(...sprint, ...tasks, ...events).tasks.get(more.taskId ?? named.taskId), { ...named, ...more }); // prettier-ignore
  return told === 'held' ? told : told.code;
};
const begun = ['task-t-1', claimed(1)] as const;
const lost = ['task-t-1', event('task.attempt-interrupted', { attempt: 1, worker: ada, reason: 'lost' })] as const;

describe('a remote agent that names a task', () => {
  it('holds it while its attempt goes on, and no other attempt', () => {
    expect(standing({}, begun)).toBe('held');
    expect(standing({ attempt: 2 }, begun)).toBe('task.lost');
    expect(standing({}, begun, lost)).toBe('task.lost');
    expect(standing({ attempt: 2 }, begun, lost, ['task-t-1', claimed(2)])).toBe('held');
  });

  it('holds none that was given to another, of its kind or not', () => {
    expect(standing({ agentId: 'links-2' as AgentId }, begun)).toBe('agent.other-task');
    expect(standing({ agentId: 'todo-1' as AgentId }, begun)).toBe('agent.other-task');
    expect(standing({ taskId: 't-nowhere' as TaskId })).toBe('task.unknown');
  });

  it('has lost the one that another agent took over, which was given to it all the same', () => {
    const handed = { from: 'links', to: 'scribe', trouble: 'stalled', by: 'policy', reason: 'It was silent.' } as const;
    const moved = ['task-t-1', event('task.reassigned', { attempt: 1, ...handed })] as const;
    expect(standing({}, begun, lost, moved)).toBe('task.lost');
    expect(standing({ attempt: 2 }, begun, lost, moved)).toBe('agent.other-task');
    expect(standing({ agentId: 'todo-1' as AgentId }, begun, lost, moved)).toBe('agent.other-task');
  });

  it('is told when it is over, and how', () => {
    const failed = event('task.failed', { attempt: 1, kind: 'agent-failed', reason: 'It crashed.' });
    expect(isTaskEnd(failed)).toBe(true);
    expect(standing({}, begun, ['task-t-1', failed])).toBe('task.settled');
    const told = standingOf(worldOf(...sprint, ...tasks, begun, ['task-t-1', failed]).tasks.get(named.taskId), named);
    expect(told).toMatchObject({ message: expect.stringContaining('failed. It crashed.') });
  });
});

describe('the name of a remote agent', () => {
  it('is that of its kind, whatever that is, and a number', () => {
    expect([kindOf('mine-2' as AgentId), slotOf('mine-2' as AgentId)]).toEqual(['mine', 2]);
    expect([kindOf('gpt-4-12' as AgentId), slotOf('gpt-4-12' as AgentId)]).toEqual(['gpt-4', 12]);
  });
});
