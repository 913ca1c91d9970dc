// How a person changes a plan before approving it. What the scan found can be narrowed, never widened.
import { HyperRunError, type Plan, type PlannedAgent, type PlannedTask, type TaskId } from '#contracts';
import { withOverlaps } from './overlaps.js';
import { withBudgets, type BudgetWish } from './plan-budgets.js';
import { planHash } from './plan-hash.js';

export interface TaskEdit {
  readonly taskId: TaskId;
  readonly title?: string;
  readonly instructions?: string;
  /** A part of the task's paths: findings in the others are dropped from it. */
  readonly paths?: readonly string[];
  readonly agent?: string;
}

export interface PlanEdit {
  readonly drop?: readonly TaskId[];
  /** Task ids in the new order; those not named follow in the old one. */
  readonly order?: readonly TaskId[];
  readonly tasks?: readonly TaskEdit[];
  readonly setupNetwork?: boolean;
  readonly grants?: readonly string[];
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
  const kept = plan.tasks.filter((task) => !edit.drop?.includes(task.taskId));
  if (kept.length === 0) refuse('plan.empty', 'No task would be left. Reject the plan instead.');
  const changed = kept.map((task) => {
    const change = edit.tasks?.find((candidate) => candidate.taskId === task.taskId);
    return change === undefined ? task : editTask(task, change, edit);
  });
  const edited = {
    ...plan,
    tasks: withOverlaps(reorder(changed, edit.order ?? [])),
    ...agentsOf(plan, edit, changed),
    grants: [...(edit.grants ?? plan.grants)],
    budgets: withBudgets(plan.budgets, edit.budgets ?? {}),
    verification: { ...plan.verification, setupNetwork: edit.setupNetwork ?? plan.verification.setupNetwork },
  };
  return { plan: { ...edited, planHash: planHash(edited) }, summary: summarise(edit) };
};

/** What the agents are given that are still named; a plan of an earlier version says nothing about the others. */
const agentsOf = (plan: Plan, { agents = [] }: PlanEdit, tasks: readonly PlannedTask[]): Pick<Plan, 'agents'> => {
  if (plan.agents === undefined && agents.length === 0) return {};
  const known = [...agents, ...(plan.agents ?? [])];
  const named = [...new Set(tasks.map(({ agent }) => agent))];
  return { agents: named.flatMap((kind) => known.find((agent) => agent.kind === kind) ?? []) };
};

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
  return {
    ...task,
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
    edit.grants === undefined ? '' : `granted protected paths: ${edit.grants.join(', ') || 'none'}`,
  ]
    .filter((part) => part !== '')
    .join('; ')
    .slice(0, 2000);
