// What becomes of a task that waits for a person: nothing, for as long as a person may take.
import type { Instant } from '#contracts';
import { sprintLimits, type Active, type Blocked, type TaskCommand, type World } from '#domain';
import { duration } from '#wording';
import type { Limits, Next, Signals } from './next.js';

export const LOST = 'The lease of its worker ended.';

/** A question outlives the worker that was lost over it. Budgets and watchdog stand still; only a person's time runs. */
export const nextOfBlocked = (
  sprint: Active,
  task: Blocked,
  world: World,
  signals: Signals,
  now: Instant,
  limits: Limits,
): Next => {
  const { taskId, holder, since } = task;
  const step = (command: TaskCommand): Next => ({ steps: [{ kind: 'task', taskId, command }] });
  if (task.kind === 'publishing') return { steps: [] };
  if (holder !== undefined && !signals.alive(holder.worker))
    return step({ type: 'interrupt', attempt: holder.attempt, reason: LOST });
  if (wasRaised(sprint, task, world)) return step({ type: 'release', since });
  const look = holder === undefined ? [] : [now + limits.leaseCheckMs];
  const deadline = deadlineOf(sprint, task, signals, limits);
  if (deadline === undefined || now < deadline) return wake([...look, ...(deadline === undefined ? [] : [deadline])]);
  if (task.kind === 'question' && limits.unanswered === 'go-on') return step({ type: 'go-on', since });
  const reason = `Nobody answered within ${duration(limits.answerMs)}: ${task.reason}`.slice(0, 2000);
  return step({ type: 'give-up', since, reason });
};

/** A pause is a person's own; and while no orchestrator was awake, nobody could answer either. */
const deadlineOf = (sprint: Active, task: Blocked, { awakeSince }: Signals, limits: Limits): Instant | undefined =>
  sprint.status === 'running' ? Math.max(task.since, sprint.changedAt, awakeSince) + limits.answerMs : undefined;

/** More was granted to the whole sprint after this task had come to its limit. */
const wasRaised = (sprint: Active, { spent }: Blocked, world: World): boolean =>
  spent?.of === 'sprint' && (sprintLimits(world, sprint)[spent.budget] ?? Infinity) > spent.limit;

const wake = (times: readonly Instant[]): Next => ({
  steps: [],
  ...(times.length === 0 ? {} : { wakeAt: Math.min(...times) }),
});
