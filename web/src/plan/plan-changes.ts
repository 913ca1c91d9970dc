// What differs between the plan that somebody read and the one that there is now, in sentences.
import { clean, inTurn, plural } from '#wording';
import type { PlannedTask, ReadyPlan } from '../api/views.js';

type Compared = Pick<ReadyPlan, 'tasks' | 'scope' | 'grants' | 'verification' | 'budgets'>;

const named = ({ title }: PlannedTask) => `“${clean(title)}”`;
const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

const placeIn = ({ tasks }: Compared, id: string) => tasks.findIndex(({ taskId }) => taskId === id);

export const planChanges = (before: Compared, after: Compared): string[] => {
  const dropped = before.tasks.filter(({ taskId }) => !after.tasks.some((task) => task.taskId === taskId));
  const kept = before.tasks.flatMap((task) => {
    const now = after.tasks.find(({ taskId }) => taskId === task.taskId);
    return now === undefined ? [] : [[task, now] as const];
  });
  const order = kept.map(([, { taskId }]) => taskId).toSorted((a, b) => placeIn(after, a) - placeIn(after, b));
  const was = kept.map(([{ taskId }]) => taskId);
  const added = after.tasks.filter(({ taskId }) => !before.tasks.some((task) => task.taskId === taskId));
  return [
    ...(same(before.scope, after.scope)
      ? []
      : [`The scope is ${after.scope.map((pattern) => clean(pattern)).join(', ')}.`]),
    ...dropped.map((task) => `${named(task)} was dropped.`),
    ...added.map((task) => `${named(task)} was added.`),
    ...(same(was, order) ? [] : ['The order is another one.']),
    ...kept.flatMap(([task, now]) => taskChanges(task, now)),
    ...(same(before.grants, after.grants)
      ? []
      : [`Protected paths that may change: ${after.grants.map((path) => clean(path)).join(', ') || 'none'}.`]),
    ...(before.verification.setupNetwork === after.verification.setupNetwork
      ? []
      : [`Set-up ${after.verification.setupNetwork ? 'may' : 'may not'} use the network.`]),
    ...(same(before.budgets, after.budgets) ? [] : ['The budgets are others.']),
  ];
};

const taskChanges = (task: PlannedTask, now: PlannedTask): string[] => [
  ...(task.title === now.title ? [] : [`${named(task)} is called ${named(now)}.`]),
  ...(task.instructions === now.instructions ? [] : [`${named(now)} has other instructions.`]),
  ...(task.agent === now.agent
    ? []
    : [`${named(now)} is for agent ${clean(now.agent)} instead of ${clean(task.agent)}.`]),
  ...(same(task.fallbacks ?? [], now.fallbacks ?? [])
    ? []
    : [`${named(now)} may go on to ${inTurn(now.fallbacks ?? []) || 'no other agent'}.`]),
  ...(same(task.paths, now.paths)
    ? []
    : [`${named(now)} may change ${plural(now.paths.length, 'file')} instead of ${task.paths.length}.`]),
];
