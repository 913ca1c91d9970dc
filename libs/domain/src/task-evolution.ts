// How events lead from one state of a task to the next.
import type { Epoch, EventOf } from '#contracts';
import { addGrant, beginWork, count, emptyAccount, endWork, type Account } from './account.js';
import { nextEpoch, type Fields, type Told } from './decider.js';
import {
  holderOf,
  isTaskEnd,
  isTaskSettled,
  type AnsweredQuestion,
  type Blocked,
  type Known,
  type OpenTask,
  type Queued,
  type Settled,
  type TaskState,
  type Working,
} from './task-state.js';

const known = ({ taskId, spec, epoch, attempts, excused, account, answers, reassigned, candidate }: Known): Known => ({
  taskId,
  spec,
  epoch,
  attempts,
  excused,
  account,
  answers,
  reassigned,
  ...(candidate === undefined ? {} : { candidate }),
});

export const evolveTask = (state: TaskState, told: Told): TaskState => {
  if (state.status === 'absent') return begin(state, told);
  if (state.status === 'declined' || isTaskSettled(state)) return state;
  const settled = settle(state, told);
  if (settled !== undefined) return settled;
  if (told.type === 'task.claimed') return claim(state, told);
  if (told.type === 'task.attempt-interrupted') return interrupt(state, told);
  if (told.type === 'task.reassigned') return state.status === 'queued' ? reassign(state, told) : state;
  if (told.type === 'task.blocked') return block(state, told);
  if (told.type === 'task.answered') return state.status === 'blocked' ? goOn(state, told) : state;
  if (told.type === 'alert.raised')
    return state.status === 'blocked' ? { ...state, alertId: told.data.alertId } : state;
  return state.status === 'working' || state.status === 'blocked' ? progress(state, told) : state;
};

const begin = (state: TaskState, told: Told): TaskState => {
  if (told.type === 'task.declined') return { status: 'declined', task: told.data.task, sprintId: told.data.sprintId };
  if (told.type !== 'task.queued') return state;
  const fresh = { epoch: 0 as Epoch, attempts: 0, excused: 0, account: emptyAccount, answers: [], reassigned: [] };
  return { status: 'queued', taskId: told.data.task.taskId, spec: told.data, ...fresh };
};

const settle = (state: OpenTask, told: Told): Settled | undefined => {
  if (!isTaskEnd(told)) return undefined;
  const decided = 'decided' in state && state.decided !== undefined ? { decided: state.decided } : {};
  const end = { ...known(state), ...decided, account: endWork(state.account, told.time), settledAt: told.time };
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

const claim = (state: OpenTask, told: Told<EventOf<'task.claimed'>>): TaskState => {
  const { worker, agentId, attempt, epoch } = told.data;
  const holder = { worker, agentId, attempt, since: told.time };
  if (state.status === 'publishing')
    return { ...known(state), epoch, status: 'publishing', decided: state.decided, holder };
  const held = { ...known(state), ...holder, epoch, attempts: attempt, account: beginWork(state.account, told.time) };
  return { ...held, status: 'working', stage: 'agent', stalled: false };
};

const interrupt = (state: OpenTask, told: Told<EventOf<'task.attempt-interrupted'>>): TaskState => {
  const freed = { ...known(state), account: endWork(state.account), epoch: nextEpoch(state.epoch) };
  if ('decided' in state && state.decided !== undefined)
    return { ...freed, status: 'publishing', decided: state.decided };
  // The question outlives who asked it: its answer is for the next attempt.
  if (state.status === 'blocked') return { ...state, ...freed, excused: state.excused + 1, holder: undefined };
  const { reason, retryAfterMs } = told.data;
  const later = retryAfterMs === undefined ? {} : { retryAt: told.time + retryAfterMs };
  return { ...freed, status: 'queued', interrupted: reason, ...later };
};

/** Whoever takes it over has no reason to wait. */
const reassign = (state: Queued, told: Told<EventOf<'task.reassigned'>>): Queued => {
  const { interrupted } = state;
  const reassigned = [...state.reassigned, { ...told.data, at: told.time }];
  return { ...known(state), reassigned, status: 'queued', ...(interrupted === undefined ? {} : { interrupted }) };
};

const block = (state: OpenTask, told: Told<EventOf<'task.blocked'>>): TaskState => {
  const { attempt: _attempt, ...why } = told.data;
  const waiting = { ...known(state), ...why, status: 'blocked', since: told.time } as const;
  // Whoever could not publish has nothing more to do: anybody may try again.
  if (state.status === 'publishing') return state.holder === undefined ? state : { ...waiting, decided: state.decided };
  const holder = holderOf(state);
  if (holder === undefined) return state;
  return { ...waiting, holder, account: endWork(state.account, told.time) };
};

const goOn = (state: Blocked, told: Told<EventOf<'task.answered'>>): TaskState => {
  const { holder, decided } = state;
  const account = addGrant(state.account, told.data.granted);
  const kept = { ...known(state), account, answers: [...state.answers, ...answered(state, told)] };
  if (decided !== undefined) return { ...kept, status: 'publishing', decided };
  if (holder === undefined) return { ...kept, status: 'queued' };
  const back = { ...holder, since: told.time, account: beginWork(account, told.time) };
  return { ...kept, ...back, status: 'working', stage: 'agent', stalled: false };
};

const answered = ({ question }: Blocked, { data }: Told<EventOf<'task.answered'>>): AnsweredQuestion[] => {
  if (question === undefined) return [];
  const { choice, text, timedOut, attempt } = data;
  const label = question.options.find(({ id }) => id === choice)?.label;
  const chosen = choice === undefined ? {} : { choice, ...(label === undefined ? {} : { label }) };
  return [{ questionId: question.questionId, question: question.text, ...chosen, text, timedOut, attempt }];
};

const progress = (state: Working | Blocked, told: Told): TaskState => {
  switch (told.type) {
    case 'task.candidate-collected':
      return { ...state, candidate: told.data, account: endWork(state.account, told.time) };
    case 'task.verification-started':
      return state.status === 'working' ? { ...state, stage: 'verifying' } : state;
    case 'task.stalled':
    case 'task.progressed-again':
      return state.status === 'working' ? { ...state, stalled: told.type === 'task.stalled' } : state;
    case 'task.held':
      return state.status === 'working' ? { ...state, heldAt: told.time } : state;
    case 'task.publish-decided': {
      const holder = holderOf(state);
      return { ...known(state), status: 'publishing', decided: told.data, ...(holder === undefined ? {} : { holder }) };
    }
    default: {
      const account = count(state.account, told);
      if (account === state.account) return state;
      return state.status === 'working' ? spending(state, account) : { ...state, account };
    }
  }
};

const spending = (state: Working, account: Account): Fields<Working> => ({
  taskId: state.taskId,
  spec: state.spec,
  epoch: state.epoch,
  attempts: state.attempts,
  excused: state.excused,
  account,
  answers: state.answers,
  reassigned: state.reassigned,
  candidate: state.candidate,
  attempt: state.attempt,
  worker: state.worker,
  agentId: state.agentId,
  since: state.since,
  status: 'working',
  stage: state.stage,
  stalled: state.stalled,
  heldAt: state.heldAt,
});
