// What may be decided about a task by the orchestrator, by a person, and by a worker that wants it. The many small
// facts of a running attempt are not decided on: its worker appends them under the epoch of its claim.
import {
  HyperRunError,
  type AgentId,
  type EventData,
  type FailureKind as Kinds,
  type Trouble,
  type WorkerId,
} from '#contracts';
import type { z } from 'zod';
import { event, nextEpoch } from './decider.js';
import { decideAnswer, decideUnanswered, seen, type BlockAnswer, type UnansweredCommand } from './task-answers.js';
import { backoffMs } from './troubles.js';
import {
  agentOf,
  fallbacksOf,
  holderOf,
  isTaskSettled,
  mayBeTried,
  type Decided,
  type OpenTask,
  type TaskEvent,
  type TaskState,
} from './task-state.js';

/** Which agent is to take over, one that the approved plan names for it, why, and who has chosen that. */
export type Handover = Pick<EventData<'task.reassigned'>, 'to' | 'trouble' | 'by'>;

export type TaskCommand =
  | { readonly type: 'claim'; readonly worker: WorkerId; readonly agentId: AgentId }
  /** Meant for one attempt: whoever judged it lost may be late, and another attempt be at work by then. */
  | {
      readonly type: 'interrupt';
      readonly attempt: number;
      readonly reason: string;
      /** What its agent got into; absent: it was not the agent. */
      readonly trouble?: Trouble;
      /** What broke may mend: it is left alone for a while. Otherwise it is taken up again at once. */
      readonly rests?: boolean;
      /** Another agent is to take it up, at once. */
      readonly handover?: Handover;
    }
  /** The same for a task that nobody is at, whose agent cannot be asked now. */
  | {
      readonly type: 'reassign';
      readonly from: string;
      readonly reason: string;
      readonly handover: Handover;
    }
  | { readonly type: 'mark-stalled'; readonly silentMs: number; readonly alertId: string }
  | { readonly type: 'mark-progressed' }
  | { readonly type: 'decide-publish'; readonly worker: WorkerId; readonly decided: Decided }
  /** A person answers a question, grants more of a budget, or has publishing tried again. */
  | { readonly type: 'answer'; readonly answer: BlockAnswer }
  | UnansweredCommand
  | {
      readonly type: 'fail';
      readonly kind: z.infer<typeof Kinds>;
      readonly reason: string;
      readonly trouble?: Trouble;
    }
  | { readonly type: 'cancel'; readonly reason: string }
  | { readonly type: 'discard'; readonly reason: string };

/** Commands after which nobody may write under the old epoch any more. */
export const raisesEpoch = ({ type }: TaskCommand): boolean =>
  ['claim', 'interrupt', 'give-up', 'fail', 'cancel', 'discard'].includes(type);

const refuse = (code: string, message: string): never => {
  throw new HyperRunError(code, message);
};

const refusePublishing = () =>
  refuse('task.publishing', 'It was decided to publish this task; that goes only forward.');

export const decideTask = (command: TaskCommand, state: TaskState): TaskEvent[] => {
  if (state.status === 'absent') return refuse('task.unknown', 'There is no task with this id.');
  if (state.status === 'declined') return refuse('task.declined', 'This task was declined when its plan was approved.');
  if (isTaskSettled(state)) return decideSettled(command, state.status);
  switch (command.type) {
    case 'claim':
      return claim(command, state);
    case 'interrupt': {
      const holder = holderOf(state);
      if (holder?.attempt !== command.attempt) return [];
      const { attempt, worker } = holder;
      const { reason, trouble, rests = false, handover } = command;
      const more = {
        ...(trouble === undefined ? {} : { trouble }),
        ...(rests ? { retryAfterMs: backoffMs(state.attempts - state.excused) } : {}),
      };
      return [
        event('task.attempt-interrupted', { attempt, worker, reason, ...more }),
        ...(handover === undefined || state.status !== 'working' ? [] : [reassigned({ reason, handover }, state)]),
      ];
    }
    case 'reassign':
      return state.status === 'queued' && agentOf(state).kind === command.from ? [reassigned(command, state)] : [];
    case 'mark-stalled':
      return state.status === 'working' && !state.stalled ? stalled(command, state) : [];
    case 'mark-progressed':
      return state.status === 'working' && state.stalled
        ? [event('task.progressed-again', { attempt: state.attempt })]
        : [];
    case 'decide-publish':
      if (state.status !== 'working' || state.worker !== command.worker)
        return refuse('task.lost', 'Another worker has taken over this task.');
      return [event('task.publish-decided', command.decided)];
    case 'answer':
      return decideAnswer(command.answer, state);
    case 'go-on':
    case 'give-up':
    case 'release':
      return decideUnanswered(command, state);
    case 'fail': {
      if ('decided' in state && state.decided !== undefined) return refusePublishing();
      const { kind, reason, trouble } = command;
      const why = { kind, reason, ...(trouble === undefined ? {} : { trouble }) };
      return [event('task.failed', { attempt: state.attempts, ...why }), ...seen(state)];
    }
    case 'cancel':
      return cancel(command.reason, state);
    case 'discard':
      if (state.status !== 'blocked' && state.status !== 'publishing')
        return refuse(
          'task.not-blocked',
          `Only a blocked task can be discarded; this one is ${state.status}. Cancel it.`,
        );
      if (state.status === 'publishing') return refusePublishing();
      return [event('task.discarded', { reason: command.reason }), ...seen(state)];
  }
};

/** What is decided for a reason that may be over by then: nothing is wrong, and nothing happens. */
const TOO_LATE: readonly TaskCommand['type'][] = [
  'interrupt',
  'reassign',
  'mark-stalled',
  'mark-progressed',
  'go-on',
  'give-up',
  'release',
];

const decideSettled = (command: TaskCommand, status: string): TaskEvent[] => {
  if (TOO_LATE.includes(command.type)) return [];
  return refuse(
    'task.settled',
    `This task is ${status}. What is settled is not reopened; a retry makes a new plan of one task.`,
  );
};

const claim = (command: Extract<TaskCommand, { type: 'claim' }>, state: OpenTask): TaskEvent[] => {
  const free = state.status === 'queued' || (state.status === 'publishing' && state.holder === undefined);
  if (!free) return refuse('job.taken', 'Another worker is at this task.');
  if (state.status === 'queued' && !mayBeTried(state))
    return refuse('task.attempts-exhausted', `All ${state.attempts} attempts were interrupted.`);
  return [
    event('task.claimed', {
      worker: command.worker,
      agentId: command.agentId,
      epoch: nextEpoch(state.epoch),
      attempt: state.attempts + 1,
    }),
  ];
};

/** The plan that was approved says who may take over, and nothing else does. */
const reassigned = (
  { reason, handover }: { readonly reason: string; readonly handover: Handover },
  state: OpenTask,
): TaskEvent => {
  const { to } = handover;
  if (!fallbacksOf(state).includes(to))
    return refuse('task.agent-not-approved', `The approved plan lets no agent "${to}" take this task over any more.`);
  return event('task.reassigned', { attempt: state.attempts, from: agentOf(state).kind, ...handover, reason });
};

const stalled = (
  command: Extract<TaskCommand, { type: 'mark-stalled' }>,
  state: Extract<OpenTask, { status: 'working' }>,
): TaskEvent[] => {
  const { alertId, silentMs } = command;
  const text = `${state.agentId} has made no progress on "${state.spec.task.title}" for ${Math.round(silentMs / 1000)} s.`;
  return [
    event('task.stalled', { attempt: state.attempt, silentMs }),
    event('alert.raised', { alertId, severity: 'warning', kind: 'task-stalled', text }),
  ];
};

const cancel = (reason: string, state: OpenTask): TaskEvent[] => {
  if (state.status === 'publishing' || ('decided' in state && state.decided !== undefined)) return refusePublishing();
  return [event('task.cancelled', { reason }), ...seen(state)];
};
