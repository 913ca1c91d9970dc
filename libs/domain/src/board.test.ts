import { describe, expect, it } from '@jest/globals';
import type { AgentId, AnyEvent, Epoch, TaskId } from '#contracts';
import { emptyBoard, evolveBoard, type Board } from './board.js';
import { event } from './decider.js';
import { ada, plannedTask, queued } from './plan.fixture.js';
import { told } from './specification.fixture.js';

const agentId = 'links-1' as AgentId;
const registered = event('agent.registered', { agentId, kind: 'links', name: 'Links 1', role: 'Repairs links' });
const claimed = event('task.claimed', { worker: ada, agentId, attempt: 1, epoch: 1 as Epoch });
const asks = event('task.blocked', { attempt: 1, kind: 'question', reason: 'The agent asks: Which?' });
const stuck = event('task.blocked', { attempt: 1, kind: 'publishing', reason: 'A branch is in the way.' });
const answered = (kind: 'question' | 'publishing') =>
  event('task.answered', { attempt: 1, kind, text: 'Left.', timedOut: false });
const interrupted = event('task.attempt-interrupted', { attempt: 1, worker: ada, reason: 'lost' });
const other = event('task.queued', { ...queued.data, task: plannedTask('t-2') });

const cardAfter = (...steps: readonly (readonly [string, AnyEvent])[]) => {
  const subjects = steps.map(([taskId]) => (taskId === '' ? {} : { taskId: taskId as TaskId }));
  const events = told(steps.map(([, one]) => one));
  const board = events.reduce<Board>(
    (before, one, index) => evolveBoard(before, { ...one, ...subjects[index], position: index + 1 }),
    emptyBoard,
  );
  return board.agents.get(agentId);
};
const begun = [
  ['', registered],
  ['t-1', queued],
  ['t-1', claimed],
] as const;

describe('the card of an agent', () => {
  it('says what a person is asked, and what it is at again once that is answered', () => {
    expect(cardAfter(...begun, ['t-1', asks])).toMatchObject({
      status: 'blocked',
      currentTaskId: 't-1',
      currentTaskSummary: 'Mend t-1: The agent asks: Which?',
    });
    expect(cardAfter(...begun, ['t-1', asks], ['t-1', answered('question')])).toMatchObject({
      status: 'working',
      currentTaskSummary: 'Mend t-1',
    });
  });
  it('is free when its worker was lost, and stays so when the question is answered', () => {
    const lost = [...begun, ['t-1', asks], ['t-1', interrupted]] as const;
    for (const card of [cardAfter(...lost), cardAfter(...lost, ['t-1', answered('question')])]) {
      expect(card?.status).toBe('idle');
      expect(card).not.toHaveProperty('currentTaskId');
    }
  });
  it('knows the title of a task that it tries again', () =>
    expect(cardAfter(...begun, ['t-1', interrupted], ['t-1', claimed])).toMatchObject({
      status: 'working',
      currentTaskSummary: 'Mend t-1',
    }));
  it('is about its newest task, whatever becomes of one whose branch could not be made', () => {
    const newer = [...begun, ['t-1', stuck], ['t-2', other], ['t-2', claimed]] as const;
    const discarded = event('task.discarded', { reason: 'mine' });
    for (const end of [answered('publishing'), discarded])
      expect(cardAfter(...newer, ['t-1', end])).toMatchObject({ status: 'working', currentTaskId: 't-2' });
    expect(cardAfter(...begun, ['t-1', stuck], ['t-1', discarded])?.status).toBe('idle');
  });
});
