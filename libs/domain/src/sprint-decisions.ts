// What may happen in a sprint, and why not.
import {
  HyperRunError,
  type EventData,
  type Instant,
  type Plan,
  type SealedHead,
  type TaskId,
  type TaskOutcome,
  type WorkerId,
} from '#contracts';
import { event } from './decider.js';
import { cancelIntegration, decideIntegration, type IntegrationCommand } from './integration-decisions.js';
import { isIntegrating } from './integration-state.js';
import { givenUp, holds, requireFree } from './job.js';
import { applyEdit, type PlanEdit } from './plan-edit.js';
import {
  isActive,
  isSettled,
  type Active,
  type BaseVerified,
  type Completed,
  type PlanRequest,
  type SprintEvent,
  type SprintState,
} from './sprint-state.js';

export type ModelCallEvent = Extract<SprintEvent, { type: `sprint.model-call-${string}` }>;

export type SprintCommand =
  | { readonly type: 'request-plan'; readonly request: PlanRequest }
  | { readonly type: 'claim-analysis'; readonly worker: WorkerId }
  /** Meant for one holder: whoever judged it lost may be late, and another one be at work by then. */
  | { readonly type: 'interrupt-analysis'; readonly worker: WorkerId; readonly reason: string }
  | { readonly type: 'fail-analysis'; readonly worker: WorkerId; readonly code: string; readonly reason: string }
  | { readonly type: 'record-model-call'; readonly worker: WorkerId; readonly call: ModelCallEvent }
  | {
      readonly type: 'propose';
      readonly worker: WorkerId;
      readonly analysis?: EventData<'sprint.analysis-completed'>;
      readonly plan: Plan;
    }
  | { readonly type: 'edit'; readonly ifHash: string; readonly edit: PlanEdit; readonly now: Instant }
  | {
      readonly type: 'approve';
      readonly planHash: string;
      readonly taskIds?: readonly TaskId[];
      readonly unattended: boolean;
      readonly now: Instant;
    }
  | { readonly type: 'reject'; readonly reason: string }
  | { readonly type: 'expire'; readonly now: Instant }
  | { readonly type: 'claim-base-verification'; readonly worker: WorkerId }
  | { readonly type: 'interrupt-base-verification'; readonly worker: WorkerId; readonly reason: string }
  | { readonly type: 'record-base'; readonly worker: WorkerId; readonly base: BaseVerified }
  | { readonly type: 'start' }
  | { readonly type: 'pause'; readonly reason: string }
  | { readonly type: 'settle-pause'; readonly reason: string }
  | { readonly type: 'resume' }
  | { readonly type: 'cancel'; readonly reason: string }
  | { readonly type: 'settle-task'; readonly taskId: TaskId; readonly outcome: TaskOutcome }
  | { readonly type: 'complete'; readonly heads: readonly SealedHead[] }
  | { readonly type: 'let-go'; readonly what: EventData<'sprint.retention-applied'> }
  | { readonly type: 'archive'; readonly archive: EventData<'sprint.archived'> }
  | IntegrationCommand;

/** How often a scan is begun after its worker was lost; the verification of a base as often as the plan lets a task be. */
const SCAN_ATTEMPTS = 3;

const refuse = (code: string, message: string, details: Record<string, unknown> = {}): never => {
  throw new HyperRunError(code, message, details);
};

const unknown = () => refuse('sprint.unknown', 'There is no plan and no sprint with this id.');

export const decideSprint = (command: SprintCommand, state: SprintState): SprintEvent[] => {
  if (command.type === 'request-plan')
    return state.status === 'absent' ? [event('sprint.plan-requested', command.request)] : [];
  if (state.status === 'absent') return unknown();
  switch (command.type) {
    case 'claim-analysis':
    case 'interrupt-analysis':
    case 'fail-analysis':
    case 'record-model-call':
    case 'propose':
      return decideAnalysis(command, state);
    case 'edit':
    case 'approve':
    case 'reject':
    case 'expire':
      return decideReview(command, state);
    case 'request-integration':
    case 'claim-integration':
    case 'interrupt-integration':
    case 'decide-integration':
    case 'fail-integration':
    case 'record-integrated':
      return decideIntegration(command, state);
    case 'let-go':
      requireArchivable(state);
      return state.dropped.some(({ kind }) => kind === command.what.kind)
        ? []
        : [event('sprint.retention-applied', command.what)];
    case 'archive':
      requireArchivable(state);
      return state.archive === undefined ? [event('sprint.archived', command.archive)] : [];
    default:
      return isActive(state) ? decideRun(command, state) : decideOutsideRun(command, state);
  }
};

/** @throws HyperRunError `sprint.not-completed`, `sprint.integrating` */
export function requireArchivable(state: SprintState): asserts state is Completed {
  if (state.status === 'absent') unknown();
  if (state.status !== 'completed')
    return refuse('sprint.not-completed', `This sprint is ${state.status}. It is archived when it is completed.`);
  if (isIntegrating(state.integration))
    refuse('sprint.integrating', 'Tasks of this sprint are being merged. It is archived when that has ended.');
}

type Of<T extends SprintCommand['type']> = Extract<SprintCommand, { type: T }>;

const decideAnalysis = (
  command: Of<'claim-analysis' | 'interrupt-analysis' | 'fail-analysis' | 'record-model-call' | 'propose'>,
  state: SprintState,
): SprintEvent[] => {
  if (state.status !== 'analysing') return refuse('job.gone', 'The analysis of this plan is over.');
  const { claim, attempts } = state.analysis;
  if (command.type === 'claim-analysis') {
    requireFree(state.analysis);
    return [event('sprint.analysis-claimed', { worker: command.worker, attempt: attempts + 1 })];
  }
  if (command.type === 'interrupt-analysis') {
    if (claim?.worker !== command.worker) return [];
    const { worker, attempt } = claim;
    const given =
      attempt < SCAN_ATTEMPTS
        ? []
        : [event('sprint.analysis-failed', { code: 'analysis.interrupted', reason: givenUp(attempt) })];
    return [event('sprint.analysis-interrupted', { worker, attempt, reason: command.reason }), ...given];
  }
  if (!holds(state.analysis, command.worker)) return refuse('job.lost', 'Another worker has taken over this analysis.');
  if (command.type === 'record-model-call') return [command.call];
  if (command.type === 'fail-analysis')
    return [event('sprint.analysis-failed', { code: command.code, reason: command.reason })];
  const completed = command.analysis === undefined ? [] : [event('sprint.analysis-completed', command.analysis)];
  return [...completed, event('sprint.plan-proposed', { plan: command.plan })];
};

const decideReview = (command: Of<'edit' | 'approve' | 'reject' | 'expire'>, state: SprintState): SprintEvent[] => {
  if (command.type === 'reject' && state.status === 'analysing')
    return [event('sprint.plan-rejected', { reason: command.reason })];
  if (state.status !== 'proposed') {
    if (command.type === 'expire') return [];
    if (state.status === 'analysing') return refuse('plan.not-ready', 'The plan is still being made. Wait for it.');
    if (state.status === 'expired')
      return refuse('plan.expired', 'This plan expired before anyone approved it. Ask for a new one.');
    return refuse('plan.already-decided', `This plan is ${state.status}; it can be decided on only once.`, {
      status: state.status,
    });
  }
  const { plan } = state;
  const expired = 'now' in command && command.now >= Date.parse(plan.expiresAt);
  if (command.type === 'expire') return expired ? [event('sprint.plan-expired', {})] : [];
  if (command.type === 'reject') return [event('sprint.plan-rejected', { reason: command.reason })];
  if (expired) return refuse('plan.expired', `This plan expired at ${plan.expiresAt}. Ask for a new one.`);
  const found = command.type === 'edit' ? command.ifHash : command.planHash;
  if (found !== plan.planHash)
    return refuse('plan.stale-hash', 'The plan has changed since you read it. Read it again, then decide.', {
      expected: plan.planHash,
      found,
    });
  if (command.type === 'edit') {
    const { plan: edited, summary } = applyEdit(plan, command.edit);
    return edited.planHash === plan.planHash && edited.tasks === plan.tasks
      ? []
      : [event('sprint.plan-edited', { plan: edited, summary })];
  }
  return approve(command, plan);
};

const approve = (command: Of<'approve'>, plan: Plan): SprintEvent[] => {
  const all = plan.tasks.map((task) => task.taskId);
  const chosen = command.taskIds ?? all;
  const foreign = chosen.filter((id) => !all.includes(id));
  if (foreign.length > 0)
    return refuse('plan.unknown-task', `taskIds names what is not in the plan: ${foreign.join(', ')}.`, { foreign });
  const taskIds = all.filter((id) => chosen.includes(id));
  if (taskIds.length === 0)
    return refuse('plan.nothing-approved', 'No task is approved. Name at least one, or reject the plan.');
  const declined = all.filter((id) => !chosen.includes(id));
  return [
    event('sprint.plan-approved', { planHash: plan.planHash, taskIds, declined, unattended: command.unattended }),
  ];
};

type RunCommand = Exclude<
  SprintCommand,
  Of<
    | 'request-plan'
    | 'claim-analysis'
    | 'interrupt-analysis'
    | 'fail-analysis'
    | 'record-model-call'
    | 'propose'
    | 'edit'
    | 'approve'
    | 'reject'
    | 'expire'
    | 'archive'
    | 'let-go'
    | IntegrationCommand['type']
  >
>;

const decideOutsideRun = (command: RunCommand, state: SprintState): SprintEvent[] => {
  if (state.status !== 'completed')
    return refuse(
      'sprint.not-running',
      `This sprint is ${state.status}, so it cannot ${command.type.replaceAll('-', ' ')}.`,
      {
        status: state.status,
      },
    );
  if (command.type === 'cancel' && state.integration?.status === 'merging') return cancelIntegration(command.reason);
  return refuse('sprint.completed', 'This sprint has ended. What is settled is not reopened.');
};

const decideRun = (command: RunCommand, state: Active): SprintEvent[] => {
  switch (command.type) {
    case 'claim-base-verification':
    case 'interrupt-base-verification':
    case 'record-base':
      return decideBase(command, state);
    case 'start':
      return state.status === 'approved' && state.base !== undefined
        ? [event('sprint.started', { baseAccepted: state.baseAccepted })]
        : [];
    case 'pause':
      if (state.status === 'paused' || state.status === 'pausing') return [];
      if (state.status === 'cancelling') return refuse('sprint.cancelling', 'This sprint is being cancelled.');
      return [event('sprint.pausing', { reason: command.reason })];
    case 'settle-pause':
      return state.status === 'pausing' || state.status === 'approved'
        ? [event('sprint.paused', { reason: command.reason })]
        : [];
    case 'resume':
      if (state.status === 'cancelling') return refuse('sprint.cancelling', 'This sprint is being cancelled.');
      return state.status === 'paused' || state.status === 'pausing' ? [event('sprint.resumed', {})] : [];
    case 'cancel':
      return state.status === 'cancelling' ? [] : [event('sprint.cancelled', { reason: command.reason })];
    case 'settle-task':
      return state.settled[command.taskId] === undefined
        ? [event('sprint.task-settled', { taskId: command.taskId, outcome: command.outcome })]
        : [];
    case 'complete':
      return isSettled(state) ? [completion(state, command.heads)] : [];
  }
};

const completion = (state: Active, heads: readonly SealedHead[]) => {
  const tasks = { passed: 0, failed: 0, cancelled: 0, declined: state.declined.length, discarded: 0 };
  for (const outcome of Object.values(state.settled)) tasks[outcome] += 1;
  const outcome = state.status === 'cancelling' ? 'cancelled' : 'completed';
  return event('sprint.completed', { outcome, tasks, heads: [...heads] });
};

const decideBase = (
  command: Of<'claim-base-verification' | 'interrupt-base-verification' | 'record-base'>,
  state: Active,
): SprintEvent[] => {
  const { claim, attempts } = state.baseJob;
  if (command.type === 'interrupt-base-verification') {
    if (claim?.worker !== command.worker) return [];
    const { worker, attempt } = claim;
    const most = state.plan.budgets.attempts;
    const asks = attempt % most === 0 && (state.status === 'approved' || state.status === 'pausing');
    const given = asks ? [event('sprint.paused', { reason: givenUp(most) })] : [];
    return [event('sprint.base-verification-interrupted', { worker, attempt, reason: command.reason }), ...given];
  }
  if (state.base !== undefined || state.status === 'cancelling')
    return refuse('job.gone', 'The base needs no verification any more.');
  if (command.type === 'claim-base-verification') {
    requireFree(state.baseJob);
    return [event('sprint.base-verification-claimed', { worker: command.worker, attempt: attempts + 1 })];
  }
  if (!holds(state.baseJob, command.worker))
    return refuse('job.lost', 'Another worker has taken over this verification.');
  return [event('sprint.base-verified', command.base)];
};
