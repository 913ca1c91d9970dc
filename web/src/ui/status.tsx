import type { AgentStatus } from '#domain';
import type { SprintStatus, TaskStatus } from '../api/views.js';

export type Mood = 'good' | 'bad' | 'warning' | 'active' | 'info' | 'quiet';

/** A shape for each mood, so that colour is never the only difference. */
const SHAPES: Readonly<Record<Mood, string>> = {
  good: 'M2 6l3 3 5-7',
  bad: 'M2 2l8 8M10 2l-8 8',
  warning: 'M6 1l5 9H1zM6 4.5v2.5',
  active: 'M3 1l7 5-7 5z',
  info: 'M6 1a5 5 0 100 10A5 5 0 006 1M6 5.5V8.5',
  quiet: 'M2 6h8',
};

export const Shape = ({ mood }: { readonly mood: Mood }) => (
  <svg className="shape" viewBox="0 0 12 12" aria-hidden="true" focusable="false">
    <path
      d={SHAPES[mood]}
      fill={mood === 'active' ? 'currentColor' : 'none'}
      stroke="currentColor"
      strokeWidth="1.7"
      strokeLinecap="round"
      strokeLinejoin="round"
    />
  </svg>
);

export const Badge = ({
  mood,
  children,
  title,
}: {
  readonly mood: Mood;
  readonly children: React.ReactNode;
  readonly title?: string;
}) => (
  <span className={`badge badge-${mood}`} title={title}>
    <Shape mood={mood} />
    {children}
  </span>
);

const AGENT_MOODS: Readonly<Record<AgentStatus, Mood>> = {
  idle: 'quiet',
  working: 'active',
  blocked: 'warning',
  stalled: 'bad',
  error: 'bad',
  offline: 'quiet',
};
export const agentMood = (status: AgentStatus): Mood => AGENT_MOODS[status];

const SPRINT_MOODS: Readonly<Record<SprintStatus, Mood>> = {
  analysing: 'active',
  failed: 'bad',
  proposed: 'info',
  approved: 'active',
  rejected: 'quiet',
  expired: 'quiet',
  running: 'active',
  pausing: 'warning',
  paused: 'warning',
  cancelling: 'warning',
  completed: 'good',
  cancelled: 'quiet',
};
const SPRINT_WORDS: Partial<Readonly<Record<SprintStatus, string>>> = {
  proposed: 'waits for you',
  approved: 'verifying the base',
};
export const SprintBadge = ({ status }: { readonly status: SprintStatus }) => (
  <Badge mood={SPRINT_MOODS[status]}>{SPRINT_WORDS[status] ?? status}</Badge>
);

const TASK_MOODS: Readonly<Record<TaskStatus, Mood>> = {
  absent: 'quiet',
  queued: 'quiet',
  working: 'active',
  blocked: 'warning',
  publishing: 'active',
  passed: 'good',
  failed: 'bad',
  cancelled: 'quiet',
  declined: 'quiet',
  discarded: 'quiet',
};

interface TaskBadgeProps {
  readonly status: TaskStatus;
  readonly stage?: 'agent' | 'verifying';
  readonly stalled?: boolean;
}
export const TaskBadge = ({ status, stage, stalled }: TaskBadgeProps) =>
  stalled === true ? (
    <Badge mood="bad">stalled</Badge>
  ) : (
    <Badge mood={TASK_MOODS[status]}>{status === 'working' && stage === 'verifying' ? 'verifying' : status}</Badge>
  );
