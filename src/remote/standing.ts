// How a task stands to the remote agent that names it. Pure.
import { HyperRunError, type AgentId, type TaskId } from '#contracts';
import { agentOf, holderOf, isTaskSettled, type TaskState } from '#domain';

export interface Named {
  readonly agentId: AgentId;
  readonly taskId: TaskId;
  readonly attempt: number;
}

/** `held`: its attempt goes on, with whoever holds it; else why there is nothing more to be done for it. */
export const standingOf = (
  state: TaskState | undefined,
  { agentId, taskId, attempt }: Named,
): 'held' | HyperRunError => {
  if (state === undefined || state.status === 'absent' || state.status === 'declined')
    return new HyperRunError('task.unknown', `There is no task "${taskId}" at work.`, { taskId });
  const kind = kindOf(agentId);
  if (agentOf(state).kind !== kind) {
    const hadIt = state.reassigned.some(({ from, attempt: last }) => from === kind && attempt <= last);
    return hadIt ? lost({ taskId, attempt }) : notYours(taskId, agentId);
  }
  if (isTaskSettled(state)) {
    const why = state.reason === undefined ? '' : ` ${state.reason}`;
    return new HyperRunError('task.settled', `The task is over: ${state.status}.${why} Ask for the next one.`, {
      taskId,
      status: state.status,
    });
  }
  const holder = holderOf(state);
  if (holder === undefined || holder.attempt !== attempt) return lost({ taskId, attempt });
  return holder.agentId === agentId ? 'held' : notYours(taskId, agentId);
};

export const lost = ({ taskId, attempt }: Pick<Named, 'taskId' | 'attempt'>) =>
  new HyperRunError('task.lost', `Attempt ${attempt} of the task is over. Ask for the next task.`, { taskId }, 'retry');

const notYours = (taskId: TaskId, agentId: AgentId) =>
  new HyperRunError('agent.other-task', `Task "${taskId}" was not given to ${agentId}.`, { taskId });

/** `mine` of `mine-2`. */
export const kindOf = (agentId: AgentId): string => agentId.replace(/-\d+$/, '');
export const slotOf = (agentId: AgentId): number => Number(/\d+$/.exec(agentId)?.[0]);
