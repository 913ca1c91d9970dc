// How a person changes a plan before approving it. Paths of a task can be narrowed, never widened; the scope can be either.
import {
  HyperRunError,
  type FindingCounts,
  type Plan,
  type PlannedAgent,
  type PlannedTask,
  type TaskId,
} from '#contracts';
import { withOverlaps } from './overlaps.js';
import { withBudgets, type BudgetWish } from './plan-budgets.js';
import { estimatedSeconds } from './plan-estimate.js';
import { planHash } from './plan-hash.js';

export interface TaskEdit {
  readonly taskId: TaskId;
  readonly title?: string;
  readonly instructions?: string;
  /** A part of the task's paths: findings in the others are dropped from it. */
  readonly paths?: readonly string[];
  readonly agent?: string;
  /** Who may take it over where that one gets into trouble, in this order; the agent itself is left out. */
  readonly fallbacks?: readonly string[];
}

/** Another scope, and what it makes of the findings that the plan was made from. */
export interface Rescope {
  readonly scope: readonly string[];
  /** Whether a task may name this path, by the new scope and the grants of the edit. */
  readonly allows: (path: string) => boolean;
  readonly findings: FindingCounts;
  /** Tasks for what lies in the new scope and did not in the old one. */
  readonly added: readonly PlannedTask[];
}

export interface PlanEdit {
  readonly drop?: readonly TaskId[];
  /** Task ids in the new order; those not named follow in the old one. */
  readonly order?: readonly TaskId[];
  readonly tasks?: readonly TaskEdit[];
  readonly setupNetwork?: boolean;
  /** Protected paths that may be changed all the same. */
  readonly grants?: readonly string[];
  /** Another scope is wanted: then `rescope` says what it leads to. */
  readonly scope?: readonly string[];
  /** Where the scope or the grants are others: tasks keep what lies in it, and are dropped where nothing is left. */
  readonly rescope?: Rescope;
  readonly budgets?: BudgetWish;
  /** Every agent that `tasks` names: which version of it was chosen, and what it is given. */
  readonly agents?: readonly PlannedAgent[];
  /** Kinds of agents that follow words; absent: not known here. */
  readonly followWords?: readonly string[];
}

const refuse = (code: string, message: string): never => {
  throw new HyperRunError(code, message);
};

export const applyEdit = (plan: Plan, edit: PlanEdit): { plan: Plan; summary: string } => {
  const known = new Set(plan.tasks.map((task) => task.taskId));
  const named = [...(edit.drop ?? []), ...(edit.order ?? []), ...(edit.tasks ?? []).map((task) => task.taskId)];
  const foreign = named.filter((id) => !known.has(id));
  if (foreign.length > 0) refuse('plan.unknown-task', `The edit names what is not in the plan: ${foreign.join(', ')}.`);
  if (edit.scope !== undefined && edit.rescope === undefined)
    refuse('plan.stale-hash', 'The plan has changed since you read it. Read it again, then decide.');
  const kept = plan.tasks
    .filter((task) => !edit.drop?.includes(task.taskId))
    .flatMap((task) => withinScope(task, edit.rescope));
  const all = [...kept, ...(edit.rescope?.added ?? [])];
  if (all.length === 0) refuse('plan.empty', 'No task would be left. Reject the plan instead.');
  const changed = all.map((task) => {
    const change = edit.tasks?.find((candidate) => candidate.taskId === task.taskId);
    return change === undefined ? task : editTask(task, change, edit);
  });
  const agents = agentsOf(plan, edit, changed);
  const edited = {
    ...plan,
    ...(edit.rescope === undefined ? {} : { scope: [...edit.rescope.scope], findings: edit.rescope.findings }),
    tasks: withOverlaps(reorder(changed, edit.order ?? [])),
    ...(agents === undefined
      ? {}
      : { agents, estimate: { ...plan.estimate, seconds: estimatedSeconds(changed, agents) } }),
    grants: [...(edit.grants ?? plan.grants)],
    budgets: withBudgets(plan.budgets, edit.budgets ?? {}),
    verification: { ...plan.verification, setupNetwork: edit.setupNetwork ?? plan.verification.setupNetwork },
  };
  return { plan: { ...edited, planHash: planHash(edited) }, summary: summarise(edit) };
};

/** What of a task lies in the scope: nothing, a part, or all. */
const withinScope = (task: PlannedTask, rescope: Rescope | undefined): readonly PlannedTask[] => {
  if (rescope === undefined || task.paths.every(rescope.allows)) return [task];
  const paths = task.paths.filter(rescope.allows);
  const evidence = task.evidence.filter(({ path }) => paths.includes(path));
  return evidence.length === 0 ? [] : [{ ...task, paths, evidence }];
};

/** What the agents are given that are still named; a plan of an earlier version says nothing about the others. */
const agentsOf = (plan: Plan, { agents = [] }: PlanEdit, tasks: readonly PlannedTask[]): Plan['agents'] => {
  if (plan.agents === undefined && agents.length === 0) return undefined;
  const known = [...agents, ...(plan.agents ?? [])];
  return agentsNamed(tasks).flatMap((kind) => known.find((agent) => agent.kind === kind) ?? []);
};

/** Every agent that one of the tasks may come to, each once. */
export const agentsNamed = (tasks: readonly Pick<PlannedTask, 'agent' | 'fallbacks'>[]): readonly string[] => [
  ...new Set(tasks.flatMap(({ agent, fallbacks = [] }) => [agent, ...fallbacks])),
];

const editTask = (task: PlannedTask, change: TaskEdit, { agents, followWords }: PlanEdit): PlannedTask => {
  const paths = change.paths ?? task.paths;
  const outside = paths.filter((path) => !task.paths.includes(path));
  if (outside.length > 0)
    refuse(
      'plan.paths-widened',
      `paths of ${task.taskId} can only be narrowed; not in the plan: ${outside.join(', ')}.`,
    );
  const agent = change.agent ?? task.agent;
  if (change.instructions !== undefined && followWords?.includes(agent) === false)
    refuse(
      'plan.instructions-unheard',
      `instructions of ${task.taskId}: agent ${agent} follows no words. Those that do: ${followWords.join(', ') || 'none here'}.`,
    );
  const evidence = task.evidence.filter((item) => paths.includes(item.path));
  if (evidence.length === 0) refuse('plan.empty', `Nothing to do would be left in ${task.taskId}. Drop it instead.`);
  const { fallbacks: before, ...kept } = task;
  const fallbacks = [...new Set(change.fallbacks ?? before)].filter((kind) => kind !== agent);
  return {
    ...kept,
    ...(fallbacks.length === 0 ? {} : { fallbacks }),
    title: change.title ?? task.title,
    instructions: change.instructions ?? task.instructions,
    agent,
    agentDigest: agents?.find(({ kind }) => kind === change.agent)?.digest ?? task.agentDigest,
    ...(agent === task.agent ? {} : { choice: chosenBy(task) }),
    paths: [...paths],
    evidence,
  };
};

const chosenBy = ({ choice }: PlannedTask): PlannedTask['choice'] => ({
  why: 'A person chose it.',
  candidates: choice?.candidates ?? [],
});

const reorder = (tasks: readonly PlannedTask[], order: readonly TaskId[]): PlannedTask[] => {
  const rank = (task: PlannedTask) => {
    const index = order.indexOf(task.taskId);
    return index < 0 ? order.length : index;
  };
  return tasks
    .map((task, index) => ({ task, index }))
    .toSorted((a, b) => rank(a.task) - rank(b.task) || a.index - b.index)
    .map(({ task }) => task);
};

const summarise = (edit: PlanEdit): string =>
  [
    edit.drop?.length ? `dropped ${edit.drop.join(', ')}` : '',
    edit.order?.length ? 'reordered' : '',
    ...(edit.tasks ?? []).map(
      (task) =>
        `changed ${Object.keys(task)
          .filter((key) => key !== 'taskId')
          .join(', ')} of ${task.taskId}`,
    ),
    edit.setupNetwork === undefined ? '' : `${edit.setupNetwork ? 'granted' : 'withdrew'} network for set-up`,
    edit.budgets === undefined ? '' : 'changed the budgets',
    edit.rescope === undefined ? '' : `set the scope to ${edit.rescope.scope.join(', ')}`,
    edit.grants === undefined ? '' : `granted protected paths: ${edit.grants.join(', ') || 'none'}`,
  ]
    .filter((part) => part !== '')
    .join('; ')
    .slice(0, 2000);
