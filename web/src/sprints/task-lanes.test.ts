import { describe, expect, it } from '@jest/globals';
import type { Envelope } from '#contracts';
import { toSeen } from '../live/told.js';
import { LaneFold } from './task-lanes.js';

const told = (time: number, type: string, data: object = {}) =>
  toSeen({
    id: `event-${time}`,
    type: `hyperrun.${type}`,
    stream: 'task-t-1',
    streamversion: '1',
    position: String(time),
    time: new Date(time).toISOString(),
    actor: 'worker:w-1',
    sprintid: 's-1',
    taskid: 't-1',
    data,
  } as unknown as Envelope);
const queued = told(1000, 'task.queued', { task: { taskId: 't-1', title: 'Mend the links' } });
const claimed = told(2000, 'task.claimed', { worker: 'w-1', agentId: 'links-1', epoch: 1, attempt: 1 });
const taskLanes = (sprintId: string, events: readonly ReturnType<typeof told>[], end: number) => {
  const fold = new LaneFold();
  for (const event of events) fold.add(event);
  return fold.lanes(sprintId, end);
};
const bars = (...events: readonly ReturnType<typeof told>[]) =>
  taskLanes('s-1', events, 9000)[0]?.bars.map(({ from, to, label }) => [from, to, label.split(' ')[0]]);

describe('the lane of a task', () => {
  it('shows each state from when to when', () => {
    const verifying = told(4000, 'task.verification-started', { attempt: 1 });
    const failed = told(6000, 'task.failed', { attempt: 1, kind: 'verification-failed', reason: 'No.' });
    expect(bars(queued, claimed, verifying, failed)).toEqual([
      [1000, 2000, 'queued'],
      [2000, 4000, 'working'],
      [4000, 6000, 'verifying'],
      [6000, 6000, 'failed'],
    ]);
  });

  it('goes on to the end while it is not over', () => {
    expect(bars(queued, claimed)).toEqual([
      [1000, 2000, 'queued'],
      [2000, 9000, 'working'],
    ]);
  });

  it('is named by its title and leads to its task', () => {
    expect(taskLanes('s-1', [queued], 9000)).toMatchObject([
      { name: 'Mend the links', href: '#/sprints/s-1/tasks/t-1' },
    ]);
  });

  it('bounds its ticks, however much was done', () => {
    const read = (time: number) =>
      told(time, 'action.file-read', { attempt: 1, origin: 'observed', path: 'a.md', bytes: 1 });
    const events = [queued, claimed, ...Array.from({ length: 5000 }, (_, index) => read(2001 + index))];
    expect(taskLanes('s-1', events, 9000)[0]?.ticks?.length).toBeLessThanOrEqual(400);
  });
});
