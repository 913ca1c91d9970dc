import { describe, expect, it } from '@jest/globals';
import type { Envelope } from '#contracts';
import { toSeen, type SeenEvent } from '../live/told.js';
import { BEGINNING, evolveMoment, SprintTimeline } from './moment.js';

const TASK = 'one';
const envelope = (position: number, stream: string, type: string, data: object): Envelope =>
  ({
    id: `event-${position}`,
    type: `hyperrun.${type}`,
    stream,
    streamversion: String(position),
    position: String(position),
    time: new Date(1000 * position).toISOString(),
    actor: 'worker:w-1',
    sprintid: 's-1',
    ...(stream.startsWith('task-') ? { taskid: TASK, agentid: 'links-1' } : {}),
    data,
  }) as unknown as Envelope;

const spec = { task: { taskId: TASK, title: 'Mend the links' }, sprintId: 's-1' };
const actions = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) =>
    envelope(from + index, `task-${TASK}`, 'action.file-read', {
      attempt: 1,
      origin: 'observed',
      path: 'a.md',
      bytes: 1,
    }),
  );
const story: readonly SeenEvent[] = [
  envelope(1, 'sprint-s-1', 'sprint.plan-requested', { sprintId: 's-1', repositoryId: 'r', path: '/r', name: 'r' }),
  envelope(2, `task-${TASK}`, 'task.queued', spec),
  envelope(3, `task-${TASK}`, 'task.claimed', { worker: 'w-1', agentId: 'links-1', epoch: 1, attempt: 1 }),
  ...actions(4, 996),
  envelope(1000, `task-${TASK}`, 'task.failed', { attempt: 1, kind: 'no-change', reason: 'Nothing to do.' }),
].map(toSeen);

const timeline = () => {
  const made = new SprintTimeline();
  made.add(story);
  return made;
};

describe('a sprint in time', () => {
  it.each([0, 1, 2, 3, 255, 256, 257, 511, 999, 1000])(
    'after %d events is what folding them one by one gives',
    (count) => {
      expect(timeline().after(count)).toEqual(story.slice(0, count).reduce(evolveMoment, BEGINNING));
    },
  );

  it('shows an agent at work in the middle and at rest in the end', () => {
    const made = timeline();
    expect(made.after(500).board.agents.get('links-1' as never)?.status).toBe('working');
    expect(made.latest.board.agents.get('links-1' as never)?.status).toBe('idle');
    expect(made.latest.tasks.get(TASK as never)?.status).toBe('failed');
  });

  it('takes what it is told twice only once, wherever the parts begin', () => {
    const made = new SprintTimeline();
    made.add(story.slice(0, 600));
    made.add(story.slice(400, 800));
    made.add(story.slice(790));
    expect(made.events.map(({ position }) => position)).toEqual(story.map(({ position }) => position));
    expect(made.latest).toEqual(timeline().latest);
  });

  it('finds how far it had come at a position of the log', () => {
    expect(timeline().countUpTo(0)).toBe(0);
    expect(timeline().countUpTo(3)).toBe(3);
    expect(timeline().countUpTo(5000)).toBe(1000);
  });
});
