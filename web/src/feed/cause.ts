// What led to an event: said by the log where it knows, else the beginning of the same thing.
import type { FeedLine } from '../live/feed.js';
import type { LineRing } from '../live/line-ring.js';

const BEGINNINGS: Readonly<Record<string, readonly string[]>> = {
  'action.command-finished': ['action.command-started'],
  'action.model-call-finished': ['action.model-call-started'],
  'action.permission-answered': ['action.permission-asked'],
  'task.answered': ['task.blocked'],
  'task.reassigned': ['task.attempt-interrupted'],
  'task.progressed-again': ['task.stalled'],
  'task.verification-step-finished': ['task.verification-started'],
  'task.verification-passed': ['task.verification-started'],
  'task.verification-failed': ['task.verification-step-finished'],
  'task.failed': [
    'task.verification-failed',
    'task.scope-violated',
    'task.tool-refused',
    'task.budget-exceeded',
    'task.claimed',
  ],
  'task.gate-passed': ['task.candidate-collected'],
  'task.scope-violated': ['task.candidate-collected', 'task.claimed'],
  'task.publish-decided': ['task.verification-passed'],
  'task.branch-published': ['task.publish-decided'],
  'task.passed': ['task.branch-published'],
  'task.claimed': ['task.queued'],
  'task.queued': ['sprint.plan-approved'],
  'sprint.plan-proposed': ['sprint.analysis-completed'],
  'sprint.plan-approved': ['sprint.plan-proposed'],
  'sprint.started': ['sprint.base-verified'],
  'sprint.paused': ['sprint.pausing', 'sprint.base-verified'],
  'sprint.completed': ['sprint.task-settled', 'sprint.cancelled'],
};

const LOOKED_BACK = 20_000;

const callOf = ({ json }: FeedLine) => (JSON.parse(json) as { data: { callId?: string } }).data.callId;

/** Number of the line that led to the one at `number`; undefined where none is among the lines that are here. */
export const causeOf = (ring: LineRing<FeedLine>, number: number): number | undefined => {
  const line = ring.at(number);
  if (line === undefined) return undefined;
  const beginnings = BEGINNINGS[line.type] ?? (line.type.startsWith('action.') ? ['task.claimed'] : []);
  const call = line.type.startsWith('action.') ? callOf(line) : undefined;
  const last = Math.max(ring.first, number - LOOKED_BACK);
  for (let at = number - 1; at >= last; at--) {
    const earlier = ring.at(at);
    if (earlier === undefined) continue;
    if (line.causationId !== undefined && earlier.id === line.causationId) return at;
    if (!beginnings.includes(earlier.type) || earlier.sprintId !== line.sprintId) continue;
    const sameTask = earlier.taskId === undefined || line.taskId === undefined || earlier.taskId === line.taskId;
    if (sameTask && (call === undefined || earlier.type === 'task.claimed' || callOf(earlier) === call)) return at;
  }
  return undefined;
};
