// What has to happen now: a pure function of the log's fold, the signs of life, and the time.
import type { AgentId, Instant, SprintId, TaskId, WorkerId } from '#contracts';
import {
  agentOf,
  fallbacksOf,
  firstClosed,
  isActive,
  isIntegrating,
  isSettled,
  isTaskSettled,
  mayBeTried,
  nextAgentOf,
  policyFor,
  type Active,
  type AgentCommand,
  type CircuitLimits,
  type Job,
  type Queued,
  type SprintCommand,
  type SprintState,
  type TaskCommand,
  type TaskState,
  type Working,
  type World,
} from '#domain';
import { duration } from '#wording';
import { LOST, nextOfBlocked } from './next-of-blocked.js';
import { nextOfCircuits } from './next-of-circuits.js';

/** Hints that are not in the log: they may be late or lost; the decision is what gets appended. */
export interface Signals {
  /** Whether a worker's lease is there. */
  alive(worker: WorkerId): boolean;
  /** When a task last made progress, by the clock of Redis. */
  lastProgress(taskId: TaskId): Instant | undefined;
  /** Since when this orchestrator has been awake without a break: silence before that was its own. */
  readonly awakeSince: Instant;
}

export interface Limits {
  readonly stalledMs: number;
  /** How often leases are looked at while work is held. */
  readonly leaseCheckMs: number;
  /** How long what runs may finish its step after a pause was asked for. */
  readonly pauseGraceMs: number;
  /** How long a task waits for a person. */
  readonly answerMs: number;
  /** What becomes of a question then: the agent goes on without an answer, or the task fails. */
  readonly unanswered: 'go-on' | 'fail';
  readonly circuit: CircuitLimits;
}

export type Step =
  | { readonly kind: 'sprint'; readonly sprintId: SprintId; readonly command: SprintCommand }
  | { readonly kind: 'task'; readonly taskId: TaskId; readonly command: TaskCommand }
  | {
      readonly kind: 'agent';
      readonly agentId: AgentId;
      readonly command: AgentCommand;
      /** Id of the event that led to it. */
      readonly causationId?: string;
    }
  /** Everything of the sprint is settled: seal its streams and end it, together with its hold on the repository. */
  | { readonly kind: 'complete'; readonly sprintId: SprintId };

export interface Next {
  readonly steps: readonly Step[];
  /** When to ask again although nothing was appended; absent: only an event can change the answer. */
  readonly wakeAt?: Instant;
}

const nothing: Next = { steps: [] };

export const next = (world: World, signals: Signals, now: Instant, limits: Limits): Next =>
  combine([
    ...[...world.sprints.values()].map((sprint) => nextOfSprint(sprint, world, signals, now, limits)),
    nextOfCircuits(world, now, limits),
  ]);

const combine = (parts: readonly Next[]): Next => {
  const wakes = parts.flatMap((part) => part.wakeAt ?? []);
  return {
    steps: parts.flatMap((part) => part.steps),
    ...(wakes.length === 0 ? {} : { wakeAt: Math.min(...wakes) }),
  };
};

const nextOfSprint = (sprint: SprintState, world: World, signals: Signals, now: Instant, limits: Limits): Next => {
  if (sprint.status === 'analysing')
    return nextOfJob(sprint.analysis, signals, now, limits, (worker) =>
      stepOf(sprint.sprintId, { type: 'interrupt-analysis', worker, reason: LOST }),
    );
  if (sprint.status === 'proposed') {
    const expires = Date.parse(sprint.plan.expiresAt);
    return now >= expires ? stepOf(sprint.sprintId, { type: 'expire', now }) : { steps: [], wakeAt: expires };
  }
  if (sprint.status === 'completed' && isIntegrating(sprint.integration))
    return nextOfJob(sprint.integration.job, signals, now, limits, (worker) =>
      stepOf(sprint.sprintId, { type: 'interrupt-integration', worker, reason: LOST }),
    );
  return isActive(sprint) ? nextOfActive(sprint, world, signals, now, limits) : nothing;
};

/** Takes a job from a worker whose lease ended; as long as it lives, it is looked after. */
const nextOfJob = (
  { claim }: Job,
  signals: Signals,
  now: Instant,
  limits: Limits,
  take: (worker: WorkerId) => Next,
): Next => {
  if (claim === undefined) return nothing;
  return signals.alive(claim.worker) ? { steps: [], wakeAt: now + limits.leaseCheckMs } : take(claim.worker);
};

const stepOf = (sprintId: SprintId, command: SprintCommand): Next => ({
  steps: [{ kind: 'sprint', sprintId, command }],
});

const nextOfActive = (sprint: Active, world: World, signals: Signals, now: Instant, limits: Limits): Next => {
  if (isSettled(sprint)) return { steps: [{ kind: 'complete', sprintId: sprint.sprintId }] };
  const tasks = sprint.taskIds.filter((id) => sprint.settled[id] === undefined);
  return combine([
    nextOfBase(sprint, signals, now, limits),
    nextOfPause(sprint, tasks, world, now, limits),
    ...tasks.map((id) => nextOfTask(sprint, id, world, signals, now, limits)),
  ]);
};

const nextOfBase = (sprint: Active, signals: Signals, now: Instant, limits: Limits): Next => {
  if (sprint.baseJob.claim !== undefined)
    return nextOfJob(sprint.baseJob, signals, now, limits, (worker) =>
      stepOf(sprint.sprintId, { type: 'interrupt-base-verification', worker, reason: LOST }),
    );
  if (sprint.status !== 'approved' || sprint.base === undefined) return nothing;
  if (sprint.base.outcome === 'passed' || sprint.baseAccepted) return stepOf(sprint.sprintId, { type: 'start' });
  const found = (sprint.base.reason ?? sprint.base.outcome).replace(/\.$/, '');
  const reason = `The base does not pass its own verification: ${found}. Resume to go on all the same, or cancel.`;
  return stepOf(sprint.sprintId, { type: 'settle-pause', reason });
};

const nextOfPause = (sprint: Active, tasks: readonly TaskId[], world: World, now: Instant, limits: Limits): Next => {
  if (sprint.status !== 'pausing') return nothing;
  const graceEnds = sprint.changedAt + limits.pauseGraceMs;
  const busy = tasks.some((id) => moves(sprint, world.tasks.get(id))) || sprint.baseJob.claim !== undefined;
  if (busy && now < graceEnds) return { steps: [], wakeAt: graceEnds };
  return stepOf(sprint.sprintId, { type: 'settle-pause', reason: sprint.reason ?? 'A person asked for it.' });
};

/** Whether something of it goes on that may still finish its step. */
const moves = (sprint: Active, task: TaskState | undefined): boolean =>
  task?.status === 'working' && (task.heldAt ?? -1) < sprint.changedAt;

const nextOfTask = (
  sprint: Active,
  taskId: TaskId,
  world: World,
  signals: Signals,
  now: Instant,
  limits: Limits,
): Next => {
  const task = world.tasks.get(taskId);
  if (task === undefined || task.status === 'absent' || task.status === 'declined') return nothing;
  if (isTaskSettled(task)) return stepOf(sprint.sprintId, { type: 'settle-task', taskId, outcome: task.status });
  const step = (command: TaskCommand): Next => ({ steps: [{ kind: 'task', taskId, command }] });
  if (sprint.status === 'cancelling' && task.status !== 'publishing') {
    const reason = sprint.reason ?? 'The sprint was cancelled.';
    return step(
      task.status === 'blocked' && task.decided !== undefined
        ? { type: 'discard', reason }
        : { type: 'cancel', reason },
    );
  }
  if (task.status === 'queued')
    return mayBeTried(task)
      ? passOn(sprint, task, world, now)
      : step({
          type: 'fail',
          kind: 'attempts-exhausted',
          reason: `All ${task.attempts} attempts were interrupted; the last time: ${task.interrupted ?? 'unknown'}`,
        });
  if (task.status === 'blocked') return nextOfBlocked(sprint, task, world, signals, now, limits);
  if (task.status === 'publishing') {
    const { holder } = task;
    if (holder === undefined) return nothing;
    return signals.alive(holder.worker)
      ? { steps: [], wakeAt: now + limits.leaseCheckMs }
      : step({ type: 'interrupt', attempt: holder.attempt, reason: LOST });
  }
  if (!signals.alive(task.worker)) return step({ type: 'interrupt', attempt: task.attempt, reason: LOST });
  return combine([{ steps: [], wakeAt: now + limits.leaseCheckMs }, watch(sprint, task, world, signals, now, limits)]);
};

/** Whose agent gets no work now waits for it, or goes to one that does, as the plan says. */
const passOn = (sprint: Active, task: Queued, { circuits }: World, now: Instant): Next => {
  const { kind } = agentOf(task);
  const openUntil = circuits.get(kind)?.openUntil ?? now;
  if (now >= openUntil || sprint.status !== 'running' || policyFor('unavailable', task.spec.troubles) !== 'reassign')
    return nothing;
  const to = firstClosed(fallbacksOf(task), circuits);
  if (to === undefined) return nothing;
  const handover = { to, trouble: 'unavailable', by: 'policy' } as const;
  const reason = `${kind} failed too often and gets no work now.`;
  return {
    steps: [{ kind: 'task', taskId: task.taskId, command: { type: 'reassign', from: kind, reason, handover } }],
  };
};

/** The watchdog: no progress for too long is `stalled`, progress clears it; a pause stops the clock. */
const watch = (sprint: Active, task: Working, world: World, signals: Signals, now: Instant, limits: Limits): Next => {
  const step = (command: TaskCommand): Next => ({ steps: [{ kind: 'task', taskId: task.taskId, command }] });
  const progressed = Math.max(task.since, signals.lastProgress(task.taskId) ?? 0);
  const silentMs = now - Math.max(progressed, signals.awakeSince, sprint.changedAt);
  if (task.stalled) {
    if (now - progressed < limits.stalledMs) return step({ type: 'mark-progressed' });
    return task.stage === 'agent' && sprint.status === 'running' ? endStalled(task, world, limits) : nothing;
  }
  if (sprint.status !== 'running') return nothing;
  if (silentMs < limits.stalledMs) return { steps: [], wakeAt: now + limits.stalledMs - silentMs };
  const alertId = `stalled-${task.taskId}-${task.attempt}-${Math.floor(now / 1000)}`;
  return step({ type: 'mark-stalled', silentMs, alertId });
};

/** Whether it is given another try or given up is said by the plan; otherwise its alert has called a person. */
const endStalled = (task: Working, { circuits }: World, { stalledMs }: Limits): Next => {
  const policy = policyFor('stalled', task.spec.troubles);
  const { taskId, attempt } = task;
  const to = nextAgentOf(task, circuits);
  if (policy === 'ask' || (policy === 'reassign' && to === undefined)) return nothing;
  const reason = `It made no progress for ${duration(stalledMs)}.`;
  const interrupt = { type: 'interrupt', attempt, reason, trouble: 'stalled' } as const;
  const step = (command: TaskCommand): Next => ({ steps: [{ kind: 'task', taskId, command }] });
  if (policy === 'reassign' && to !== undefined)
    return step({ ...interrupt, handover: { to, trouble: 'stalled', by: 'policy' } });
  if (policy === 'retry' && mayBeTried(task)) return step({ ...interrupt, rests: true });
  return step({ type: 'fail', kind: 'agent-failed', reason: `The agent failed: ${reason}`, trouble: 'stalled' });
};
