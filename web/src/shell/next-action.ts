// The one thing that a person can do now: what waits for them goes before what they may start.
import { absentRole, plural } from '#wording';
import type { AlertView, SprintView } from '../api/views.js';
import type { Route } from './route.js';

export interface NextAction {
  readonly text: string;
  readonly label: string;
  readonly to: Route;
  readonly query?: Readonly<Record<string, string>>;
  readonly mood: 'waiting' | 'trouble' | 'calm';
}

const named = (sprint: SprintView) => sprint.repository.name;

const waiting = (sprint: SprintView): NextAction | undefined => {
  const overview = { screen: 'sprint', sprintId: sprint.sprintId, tab: 'overview' } as const;
  const blocked = sprint.tasks.find(({ status }) => status === 'blocked');
  if (blocked !== undefined)
    return {
      text: `${blocked.title ?? blocked.taskId} waits for you: ${blocked.reason ?? 'it is blocked'}`,
      label: 'Answer',
      to: { screen: 'task', sprintId: sprint.sprintId, taskId: blocked.taskId },
      mood: 'trouble',
    };
  if (sprint.status === 'paused')
    return {
      text: `The sprint on ${named(sprint)} is paused. ${sprint.reason ?? ''}`,
      label: 'Decide',
      to: overview,
      mood: 'trouble',
    };
  if (sprint.status === 'proposed') {
    const count = sprint.plan?.tasks.length ?? 0;
    return count === 0
      ? undefined
      : {
          text: `A plan of ${count} ${count === 1 ? 'task' : 'tasks'} for ${named(sprint)} waits for your decision.`,
          label: 'Review the plan',
          to: { screen: 'sprint', sprintId: sprint.sprintId, tab: 'plan' },
          mood: 'waiting',
        };
  }
  return undefined;
};

/**
 * What to offer. Sprints come newest first.
 * @param absentRoles those that no process has
 */
export const nextAction = (
  sprints: readonly SprintView[],
  alerts: Iterable<AlertView>,
  absentRoles: readonly string[] = [],
): NextAction => {
  const trouble = sprints.flatMap((sprint) => waiting(sprint) ?? []);
  const worst = trouble.find(({ mood }) => mood === 'trouble') ?? trouble[0];
  if (worst !== undefined) return worst;
  const critical = [...alerts].find(
    ({ severity, acknowledgedBy }) => severity === 'critical' && acknowledgedBy === undefined,
  );
  if (critical !== undefined)
    return { text: critical.text, label: 'Look at the alerts', to: { screen: 'health' }, mood: 'trouble' };
  const running = sprints.find(({ status }) =>
    ['analysing', 'approved', 'running', 'pausing', 'cancelling'].includes(status),
  );
  const [absent] = absentRoles;
  if (running !== undefined && absent !== undefined)
    return { text: absentRole(absent), label: 'Look at the health', to: { screen: 'health' }, mood: 'trouble' };
  if (running !== undefined)
    return {
      text:
        running.status === 'analysing'
          ? `${named(running)} is being read; a plan is on its way.`
          : `The crew is at work on ${named(running)}.`,
      label: 'Watch the sprint',
      to: { screen: 'sprint', sprintId: running.sprintId, tab: 'overview' },
      mood: 'calm',
    };
  const done = sprints.find(
    ({ tasks, status }) => status === 'completed' && tasks.some((task) => task.branch !== undefined),
  );
  return done === undefined
    ? {
        text: 'Nothing is running. Let the crew look for what is worth improving.',
        label: 'Plan a sprint',
        to: { screen: 'sprints' },
        query: { plan: 'new' },
        mood: 'calm',
      }
    : {
        text: `The last sprint on ${named(done)} made ${plural(done.tasks.filter(({ branch }) => branch !== undefined).length, 'verified branch', 'verified branches')}.`,
        label: 'See what it made',
        to: { screen: 'sprint', sprintId: done.sprintId, tab: 'overview' },
        mood: 'calm',
      };
};
