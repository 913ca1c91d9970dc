// The states of one task and how events lead from one to the next.
import type { AgentId, Epoch, EventData, EventOf, Instant, TaskId, WorkerId } from '#contracts';
import { nextEpoch, type Told } from './decider.js';

export type TaskEvent = EventOf<Extract<Told['type'], `task.${string}`> | 'alert.raised'>;

export type TaskSpec = EventData<'task.queued'>;
export type Decided = EventData<'task.publish-decided'>;

interface Known {
  readonly taskId: TaskId;
  readonly spec: TaskSpec;
  readonly epoch: Epoch;
  readonly attempts: number;
  readonly candidate?: EventData<'task.candidate-collected'>;
}
interface Held extends Known {
  readonly attempt: number;
  readonly worker: WorkerId;
  readonly agentId: AgentId;
  readonly since: Instant;
}
export interface Queued extends Known {
  readonly status: 'queued';
  readonly interrupted?: string;
}
export interface Working extends Held {
  readonly status: 'working';
  readonly stage: 'agent' | 'verifying';
  readonly stalled: boolean;
}
/** From `publish-decided` on it goes only forward, whoever carries it out. Without a worker it waits to be taken over. */
export interface Publishing extends Known {
  readonly status: 'publishing';
  readonly decided: Decided;
  readonly holder?: Pick<Held, 'attempt' | 'worker' | 'agentId' | 'since'>;
}
export interface Blocked extends Held {
  readonly status: 'blocked';
  readonly kind: EventData<'task.blocked'>['kind'];
  readonly reason: string;
  readonly decided?: Decided;
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

export const isHeld = (state: TaskState): state is Working | Blocked =>
  state.status === 'working' || state.status === 'blocked';
export const isTaskSettled = (state: TaskState): state is Settled =>
  state.status === 'passed' ||
  state.status === 'failed' ||
  state.status === 'cancelled' ||
  state.status === 'discarded';

const known = ({ taskId, spec, epoch, attempts, candidate }: Known): Known => ({
  taskId,
  spec,
  epoch,
  attempts,
  ...(candidate === undefined ? {} : { candidate }),
});

export const evolveTask = (state: TaskState, told: Told): TaskState => {
  if (state.status === 'absent') {
    if (told.type === 'task.queued')
      return { status: 'queued', taskId: told.data.task.taskId, spec: told.data, epoch: 0 as Epoch, attempts: 0 };
    return told.type === 'task.declined'
      ? { status: 'declined', task: told.data.task, sprintId: told.data.sprintId }
      : state;
  }
  if (state.status === 'declined' || isTaskSettled(state)) return state;
  const settled = settle(state, told);
  if (settled !== undefined) return settled;
  if (told.type === 'task.claimed') return claim(state, told);
  if (told.type === 'task.attempt-interrupted') return interrupt(state, told);
  if (state.status === 'publishing') return told.type === 'task.blocked' ? blockPublishing(state, told) : state;
  return isHeld(state) ? progress(state, told) : state;
};

const blockPublishing = (state: Publishing, told: Told<EventOf<'task.blocked'>>): TaskState =>
  state.holder === undefined
    ? state
    : {
        ...known(state),
        ...state.holder,
        status: 'blocked',
        kind: told.data.kind,
        reason: told.data.reason,
        decided: state.decided,
      };

const settle = (state: Exclude<TaskState, { status: 'absent' | 'declined' }>, told: Told): Settled | undefined => {
  const decided = 'decided' in state && state.decided !== undefined ? { decided: state.decided } : {};
  const end = { ...known(state), ...decided, settledAt: told.time };
  switch (told.type) {
    case 'task.passed':
      return { ...end, status: 'passed' };
    case 'task.failed':
      return { ...end, status: 'failed', reason: told.data.reason, kind: told.data.kind };
    case 'task.cancelled':
      return { ...end, status: 'cancelled', reason: told.data.reason, epoch: nextEpoch(state.epoch) };
    case 'task.discarded':
      return { ...end, status: 'discarded', reason: told.data.reason, epoch: nextEpoch(state.epoch) };
    default:
      return undefined;
  }
};

const claim = (
  state: Exclude<TaskState, { status: 'absent' | 'declined' }>,
  told: Told<EventOf<'task.claimed'>>,
): TaskState => {
  const { worker, agentId, attempt, epoch } = told.data;
  const held = { ...known(state), epoch, attempts: attempt, worker, agentId, attempt, since: told.time };
  return state.status === 'publishing'
    ? {
        ...known(state),
        epoch,
        status: 'publishing',
        decided: state.decided,
        holder: { worker, agentId, attempt, since: told.time },
      }
    : { ...held, status: 'working', stage: 'agent', stalled: false };
};

const interrupt = (
  state: Exclude<TaskState, { status: 'absent' | 'declined' }>,
  told: Told<EventOf<'task.attempt-interrupted'>>,
): TaskState => {
  const freed = { ...known(state), epoch: nextEpoch(state.epoch) };
  return 'decided' in state && state.decided !== undefined
    ? { ...freed, status: 'publishing', decided: state.decided }
    : { ...freed, status: 'queued', interrupted: told.data.reason };
};

const progress = (state: Working | Blocked, told: Told): TaskState => {
  switch (told.type) {
    case 'task.candidate-collected':
      return { ...state, candidate: told.data };
    case 'task.verification-started':
      return state.status === 'working' ? { ...state, stage: 'verifying' } : state;
    case 'task.stalled':
    case 'task.progressed-again':
      return state.status === 'working' ? { ...state, stalled: told.type === 'task.stalled' } : state;
    case 'task.blocked': {
      const { attempt, worker, agentId, since } = state;
      return {
        ...known(state),
        attempt,
        worker,
        agentId,
        since,
        status: 'blocked',
        kind: told.data.kind,
        reason: told.data.reason,
      };
    }
    case 'task.publish-decided': {
      const { attempt, worker, agentId, since } = state;
      return { ...known(state), status: 'publishing', decided: told.data, holder: { attempt, worker, agentId, since } };
    }
    default:
      return state;
  }
};
