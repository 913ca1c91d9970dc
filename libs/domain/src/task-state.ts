// The states of one task.
import type { AgentId, Epoch, EventData, EventOf, Instant, PlannedAgent, TaskId, WorkerId } from '#contracts';
import type { Account } from './account.js';
import type { Told } from './decider.js';

export type TaskEvent = EventOf<Extract<Told['type'], `task.${string}`> | `alert.${'raised' | 'acknowledged'}`>;

export type TaskSpec = EventData<'task.queued'>;
export type Decided = EventData<'task.publish-decided'>;

/** Events with which a task is over. */
const ENDS: ReadonlySet<Told['type']> = new Set(['task.passed', 'task.failed', 'task.cancelled', 'task.discarded']);

export const isTaskEnd = ({ type }: Pick<Told, 'type'>): boolean => ENDS.has(type);

/** Once another agent took it over. */
export interface Reassigned extends EventData<'task.reassigned'> {
  readonly at: Instant;
}

/** A question that is over, for the attempts that follow. */
export interface AnsweredQuestion {
  readonly questionId: string;
  readonly question: string;
  /** The chosen option: its id, and what it says. */
  readonly choice?: string;
  readonly label?: string;
  readonly text: string;
  readonly timedOut: boolean;
  readonly attempt: number;
}

export interface Known {
  readonly taskId: TaskId;
  readonly spec: TaskSpec;
  readonly epoch: Epoch;
  readonly attempts: number;
  /** Attempts that do not count: their worker was lost while a person was asked. */
  readonly excused: number;
  readonly account: Account;
  readonly answers: readonly AnsweredQuestion[];
  readonly reassigned: readonly Reassigned[];
  readonly candidate?: EventData<'task.candidate-collected'>;
}
/** Who is at it, and since when. */
export interface Holder {
  readonly attempt: number;
  readonly worker: WorkerId;
  readonly agentId: AgentId;
  readonly since: Instant;
}
export interface Queued extends Known {
  readonly status: 'queued';
  readonly interrupted?: string;
  /** It is left alone until then. */
  readonly retryAt?: Instant;
}
export interface Working extends Known, Holder {
  readonly status: 'working';
  readonly stage: 'agent' | 'verifying';
  readonly stalled: boolean;
  /** When it last stood still for a pause. */
  readonly heldAt?: Instant;
}
/** From `publish-decided` on it goes only forward, whoever carries it out. Without a worker it waits to be taken over. */
export interface Publishing extends Known {
  readonly status: 'publishing';
  readonly decided: Decided;
  readonly holder?: Holder;
}
type Block = Omit<EventData<'task.blocked'>, 'attempt'>;
/** It waits for a person, since then. */
export interface Blocked extends Known, Block {
  readonly status: 'blocked';
  readonly since: Instant;
  /** Whose attempt goes on when it is answered; without one the answer is for the next attempt. */
  readonly holder?: Holder;
  readonly decided?: Decided;
  /** What calls the person. */
  readonly alertId?: string;
}
export interface Settled extends Known {
  readonly status: 'passed' | 'failed' | 'cancelled' | 'discarded';
  readonly reason?: string;
  readonly kind?: EventData<'task.failed'>['kind'];
  readonly decided?: Decided;
  readonly settledAt: Instant;
}

export type TaskState =
  | { readonly status: 'absent' }
  | {
      readonly status: 'declined';
      readonly task: EventData<'task.declined'>['task'];
      readonly sprintId: EventData<'task.declined'>['sprintId'];
    }
  | Queued
  | Working
  | Publishing
  | Blocked
  | Settled;

/** The attempt that goes on now, or would if it were answered. */
export const holderOf = (state: TaskState): Holder | undefined => {
  if (state.status === 'working') {
    const { attempt, worker, agentId, since } = state;
    return { attempt, worker, agentId, since };
  }
  return state.status === 'blocked' || state.status === 'publishing' ? state.holder : undefined;
};
/** Whether an accident may still be followed by another attempt. */
export const mayBeTried = ({ attempts, excused, spec }: Known): boolean => attempts - excused < spec.budgets.attempts;

type Assigned = Pick<Known, 'spec' | 'reassigned'>;

/** Who is to do it now, as it was approved. `planned`, what it is given, is absent in logs of earlier versions. */
export const agentOf = ({
  spec,
  reassigned,
}: Assigned): { readonly kind: string; readonly digest: string; readonly planned?: PlannedAgent } => {
  const { agent: kind, agentDigest: digest } = spec.task;
  const to = reassigned.at(-1)?.to;
  const planned = to === undefined ? spec.agent : spec.fallbacks?.find((fallback) => fallback.kind === to);
  return { kind: to ?? kind, digest: to === undefined ? digest : (planned?.digest ?? ''), ...(planned && { planned }) };
};

/** Who may still take it over, in the approved order. */
export const fallbacksOf = (task: Assigned): readonly string[] => {
  const kinds = (task.spec.fallbacks ?? []).map(({ kind }) => kind);
  return kinds.slice(kinds.indexOf(agentOf(task).kind) + 1);
};

export const isTaskSettled = (state: TaskState): state is Settled =>
  state.status === 'passed' ||
  state.status === 'failed' ||
  state.status === 'cancelled' ||
  state.status === 'discarded';

/** The candidate that stands for the task: not that of an earlier attempt while a later one is at work. */
export const candidateOf = (state: TaskState): Known['candidate'] => {
  if (!('attempts' in state) || isTaskSettled(state)) return 'candidate' in state ? state.candidate : undefined;
  return state.candidate?.attempt === state.attempts ? state.candidate : undefined;
};

/** Neither absent nor declined nor settled. */
export type OpenTask = Queued | Working | Publishing | Blocked;
