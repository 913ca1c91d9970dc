import { describe, expect, it } from '@jest/globals';
import type { Plan } from '#contracts';
import type { AlertView, SprintStatus, SprintView, TaskView } from '../api/views.js';
import { nextAction } from './next-action.js';

const sprint = (sprintId: string, status: SprintStatus, tasks: readonly TaskView[] = [], planned = 1): SprintView => ({
  sprintId,
  status,
  repository: { repositoryId: 'r-1', path: '/r', name: 'atlas' },
  createdAt: '2026-01-01T00:00:00.000Z',
  tasks,
  cursor: 'a.1',
  plan: { tasks: Array.from({ length: planned }, () => ({})) } as unknown as Plan,
});
const task = (taskId: string, status: TaskView['status'], given: Partial<TaskView> = {}): TaskView => ({
  taskId,
  status,
  attempts: 1,
  ...given,
});
const alert = (severity: AlertView['severity'], acknowledgedBy?: string): AlertView => ({
  alertId: 'a-1',
  severity,
  kind: 'log',
  text: 'The log is in trouble.',
  time: '2026-01-01T00:00:00.000Z',
  stream: 'system',
  acknowledgedBy,
});

describe('the one next action', () => {
  it('is to begin where nothing ever was', () => {
    expect(nextAction([], []).label).toBe('Plan a sprint');
  });

  it('is to answer before all else', () => {
    const blocked = sprint('s-2', 'running', [task('t-1', 'blocked', { reason: 'Which one?' })]);
    const next = nextAction([sprint('s-3', 'proposed'), blocked], [alert('critical')]);
    expect(next).toMatchObject({ label: 'Answer', to: { screen: 'task', sprintId: 's-2', taskId: 't-1' } });
    expect(next.text).toContain('Which one?');
  });

  it('is to decide about a paused sprint, then about a plan', () => {
    expect(nextAction([sprint('s-2', 'proposed'), sprint('s-1', 'paused')], []).label).toBe('Decide');
    expect(nextAction([sprint('s-2', 'proposed'), sprint('s-1', 'completed')], []).label).toBe('Review the plan');
  });

  it('is no review of a plan in which there is nothing', () => {
    expect(nextAction([sprint('s-2', 'proposed', [], 0)], []).label).toBe('Plan a sprint');
  });

  it('is to look at a critical alert that nobody has seen', () => {
    expect(nextAction([], [alert('critical')]).label).toBe('Look at the alerts');
    expect(nextAction([], [alert('critical', 'person:owner')]).label).toBe('Plan a sprint');
    expect(nextAction([], [alert('warning')]).label).toBe('Plan a sprint');
  });

  it('is to see to the role that nobody has, while work waits for it', () => {
    const next = nextAction([sprint('s-1', 'analysing')], [], ['worker']);
    expect(next).toMatchObject({ mood: 'trouble', to: { screen: 'health' } });
    expect(next.text).toMatch(/No process with the role worker is running.*HYPER_RUN_ROLES=worker/);
    expect(nextAction([sprint('s-1', 'completed')], [], ['worker']).label).toBe('Plan a sprint');
    expect(nextAction([sprint('s-1', 'analysing')], [], []).label).toBe('Watch the sprint');
  });

  it('is to watch while the crew works, and to see what it made afterwards', () => {
    expect(nextAction([sprint('s-1', 'running')], []).label).toBe('Watch the sprint');
    const done = sprint('s-1', 'completed', [task('t-1', 'passed', { branch: 'hyper-run/t-1' })]);
    expect(nextAction([done], [])).toMatchObject({
      label: 'See what it made',
      text: expect.stringContaining('1 verified branch'),
    });
  });
});
