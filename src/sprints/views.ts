// How plans, sprints and tasks look from outside.
import type { Finding, FindingCounts, PlannedTask, TaskId } from '#contracts';
import {
  agentOf,
  BUDGET_NAMES,
  holderOf,
  isActive,
  isTaskSettled,
  limitsOf,
  sumOf,
  usedOf,
  type Amounts,
  type ArchiveFacts,
  type Integration,
  type Pause,
  type Reassigned,
  type SpendingLimits,
  type SprintState,
  type TaskState,
} from '#domain';
import type { Scope } from '#workspace';
import type {
  FindingPlace,
  FindingView,
  IntegrationView,
  PlanView,
  SprintSummary,
  SprintView,
  TaskView,
} from './views.schema.js';

export type { SprintView, TaskView };

const iso = (time: number) => new Date(time).toISOString();

export type Known = Exclude<SprintState, { status: 'absent' }>;

/** The plan as it was proposed and edited; while it is being made, only what was asked for. */
export const planView = (state: Known): PlanView => {
  const request = {
    planId: state.sprintId,
    repository: { repositoryId: state.request.repositoryId, path: state.request.path, name: state.request.name },
    requestedBy: state.requestedBy,
    requestedAt: iso(state.requestedAt),
  };
  if (state.status === 'analysing') return { ...request, status: 'analysing' as const };
  if (state.status === 'failed')
    return { ...request, status: 'failed' as const, code: state.code, reason: state.reason };
  const status = isActive(state) || state.status === 'completed' ? ('approved' as const) : state.status;
  const skipped = state.findings?.skipped ?? [];
  return {
    ...request,
    ...state.plan,
    status,
    skipped,
    ...('reason' in state && state.reason ? { reason: state.reason } : {}),
    ...decisionOn(state),
  };
};

const decisionOn = (state: Known) => {
  if ('approvedBy' in state)
    return { decidedBy: state.approvedBy, decidedAt: iso(state.approvedAt), taskIds: state.taskIds };
  return 'decidedBy' in state ? { decidedBy: state.decidedBy, decidedAt: iso(state.decidedAt) } : {};
};

const SENTENCES: Readonly<Record<string, string>> = {
  absent: 'It is not there.',
  queued: 'It waits for an agent.',
  working: 'An agent is at it.',
  publishing: 'It passed; its branch is being made.',
  passed: 'It passed its verification.',
  declined: 'A person declined it when the plan was approved.',
};

/** When the clocks of a sprint stood still: what its tasks have used is counted without that. */
export const pausesOf = (sprint: SprintState): readonly Pause[] => ('pauses' in sprint ? sprint.pauses : []);

export const taskView = (taskId: TaskId, state: TaskState, pauses: readonly Pause[]): TaskView => {
  if (state.status === 'absent' || state.status === 'declined')
    return {
      taskId,
      status: state.status,
      outcome: state.status === 'declined' ? ('declined' as const) : undefined,
      reason: SENTENCES[state.status],
      attempts: 0,
      ...('task' in state ? summaryOf(state.task) : {}),
    };
  const decided = 'decided' in state ? state.decided : undefined;
  return {
    taskId,
    ...summaryOf(state.spec.task),
    agent: agentOf(state).kind,
    reassigned: state.reassigned.length === 0 ? undefined : state.reassigned.map(reassignedView),
    sprintId: state.spec.sprintId,
    status: state.status,
    outcome: isTaskSettled(state) ? state.status : undefined,
    stage: state.status === 'working' ? state.stage : undefined,
    stalled: state.status === 'working' ? state.stalled : undefined,
    agentId: holderOf(state)?.agentId,
    reason: 'reason' in state && state.reason !== undefined ? state.reason : SENTENCES[state.status],
    kind: state.status === 'failed' ? state.kind : undefined,
    attempts: state.attempts,
    files: state.candidate?.files,
    branch: decided?.branch,
    commit: decided?.commit,
    blocked: state.status === 'blocked' ? blockView(state) : undefined,
    budgets: budgetsView(usedOf(state.account, pauses), limitsOf(state.spec.budgets, 'task', state.account.granted)),
  };
};

const reassignedView = ({ at, ...told }: Reassigned) => ({ ...told, at: iso(at) });

const blockView = ({ kind, since, question, spent }: Extract<TaskState, { status: 'blocked' }>) => ({
  kind,
  since: iso(since),
  question,
  spent,
});

const budgetsView = (used: Amounts, limits: SpendingLimits) =>
  BUDGET_NAMES.map((budget) => ({ budget, used: Math.round(used[budget] * 1e6) / 1e6, limit: limits[budget] }));

/** What all tasks have used together and may use; of a sprint that was approved. */
export const sprintBudgets = (state: Known, tasks: readonly TaskState[]) => {
  if (!('approvedAt' in state)) return undefined;
  const accounts = tasks.flatMap((task) => ('account' in task ? [task.account] : []));
  const used = sumOf(accounts.map((account) => usedOf(account, state.pauses)));
  const granted = accounts.flatMap((account) => account.granted);
  return budgetsView(used, limitsOf(state.plan.budgets, 'sprint', granted));
};

const summaryOf = (task: PlannedTask) => ({ title: task.title, agent: task.agent, paths: task.paths });

const pauseView = ({ from, until }: Pause) => ({
  from: iso(from),
  ...(until === undefined ? {} : { until: iso(until) }),
});

export const sprintSummary = (state: Known): SprintSummary => ({
  sprintId: state.sprintId,
  status: state.status === 'completed' ? state.outcome : state.status,
  reason: 'reason' in state ? state.reason : undefined,
  repository: { repositoryId: state.request.repositoryId, path: state.request.path, name: state.request.name },
  createdAt: iso(state.requestedAt),
  approvedBy: 'approvedBy' in state ? state.approvedBy : undefined,
  approvedAt: 'approvedAt' in state ? iso(state.approvedAt) : undefined,
  unattended: 'unattended' in state ? state.unattended : undefined,
  base: 'base' in state ? state.base : undefined,
  pauses: 'pauses' in state ? state.pauses.map(pauseView) : undefined,
  completedAt: state.status === 'completed' ? iso(state.completedAt) : undefined,
  heads: state.status === 'completed' ? state.heads : undefined,
  archive: state.status === 'completed' && state.archive !== undefined ? archiveView(state.archive) : undefined,
  integration:
    state.status === 'completed' && state.integration !== undefined ? integrationView(state.integration) : undefined,
});

export const sprintView = (
  state: Known,
  tasks: readonly (readonly [TaskId, TaskState])[],
  cursor: string,
): SprintView => ({
  ...sprintSummary(state),
  plan: 'plan' in state ? state.plan : undefined,
  tasks: tasks.map(([id, task]) => taskView(id, task, pausesOf(state))),
  budgets: sprintBudgets(
    state,
    tasks.map(([, task]) => task),
  ),
  cursor,
});

/** A sprint whose archive cannot be read: what its own stream says, and of its tasks how they ended. */
export const unreadableSprintView = (state: Known, why: string, cursor: string): SprintView => ({
  ...sprintSummary(state),
  plan: 'plan' in state ? state.plan : undefined,
  unreadable: why,
  tasks: 'taskIds' in state ? [...state.taskIds, ...state.declined].map((taskId) => unreadableTask(taskId, state)) : [],
  cursor,
});

const unreadableTask = (
  taskId: TaskId,
  { sprintId, plan, settled }: Extract<Known, { taskIds: unknown }>,
): TaskView => {
  const task = plan.tasks.find((planned) => planned.taskId === taskId);
  const outcome = settled[taskId] ?? 'declined';
  return { taskId, sprintId, ...(task === undefined ? {} : summaryOf(task)), status: outcome, outcome };
};

const archiveView = ({ digest, count, bytes, archivedAt }: ArchiveFacts) => ({
  digest,
  events: count,
  bytes,
  archivedAt: iso(archivedAt),
});

const integrationView = (integration: Integration): IntegrationView => ({
  status: integration.status,
  taskIds: integration.taskIds,
  requestedBy: integration.requestedBy,
  requestedAt: iso(integration.requestedAt),
  settledAt: 'settledAt' in integration ? iso(integration.settledAt) : undefined,
  ...(integration.status === 'integrated' ? integration.result : {}),
  ...(integration.status === 'failed' ? integration.failure : {}),
});

/** Where a path lies for a plan. What only its repository protects is known from what the scan counted. */
export const placesIn = (
  scope: Pick<Scope, 'check' | 'grants'>,
  { protected: counted }: Pick<FindingCounts, 'protected'>,
): ((path: string) => FindingPlace) => {
  const closed = new Set(counted.map(({ path }) => path).filter((path) => !scope.grants.includes(path)));
  return (path) => {
    const decision = scope.check(path);
    if (decision.allowed) return closed.has(path) ? 'protected' : 'inside';
    return decision.rule === 'outside-scope' ? 'outside' : 'protected';
  };
};

export const findingView = (finding: Finding, place: FindingPlace, dismissed: boolean): FindingView => ({
  ...finding,
  inScope: place === 'inside',
  place,
  dismissed,
});
