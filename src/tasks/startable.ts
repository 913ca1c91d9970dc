// Which tasks a worker may claim, and from when on. Pure.
import type { Instant, TaskId } from '#contracts';
import {
  agentOf,
  holderOf,
  isActive,
  mayBeTried,
  type Publishing,
  type Queued,
  type TaskState,
  type World,
} from '#domain';

export interface Startable {
  readonly taskId: TaskId;
  /** By the clock of the log; absent: at once. */
  readonly notBefore?: Instant;
}

/** Waits for an agent, or for somebody to carry its publishing on. */
export const isWaiting = (state: TaskState): state is Queued | Publishing =>
  (state.status === 'queued' && mayBeTried(state)) || (state.status === 'publishing' && state.holder === undefined);

/**
 * Tasks that nobody holds, in the order of the log. Where the circuit of an agent is open, the first of its tasks is let
 * through once that time is over, and no other until it is known what that one came to: the same one for every worker.
 */
export const startable = (world: World): readonly Startable[] => {
  const tried = new Set<string>();
  return [...world.tasks.values()].flatMap((state) => {
    if (!isWaiting(state) || !mayRun(state, world)) return [];
    const { taskId } = state;
    if (state.status === 'publishing') return [{ taskId }];
    const { kind: agent } = agentOf(state);
    const openUntil = world.circuits.get(agent)?.openUntil;
    if (openUntil !== undefined) {
      if (tried.has(agent)) return [];
      tried.add(agent);
      if (isTried(agent, openUntil, world)) return [];
    }
    const notBefore = Math.max(openUntil ?? 0, state.retryAt ?? 0);
    return [notBefore === 0 ? { taskId } : { taskId, notBefore }];
  });
};

/** Those for which there is an agent: of a kind that lives elsewhere, as many as wait for a task. One that rests takes none. */
export const withAgents = (
  tasks: readonly Startable[],
  { tasks: states }: World,
  remote: { isRemote(kind: string): boolean; free(kind: string): number },
): readonly Startable[] => {
  const left = new Map<string, number>();
  return tasks.filter(({ taskId, notBefore }) => {
    const state = states.get(taskId);
    if (state?.status !== 'queued') return true;
    const { kind } = agentOf(state);
    if (!remote.isRemote(kind)) return true;
    const free = left.get(kind) ?? remote.free(kind);
    left.set(kind, notBefore === undefined ? free - 1 : free);
    return free > 0;
  });
};

const mayRun = (state: Queued | Publishing, { sprints }: World): boolean => {
  const sprint = sprints.get(state.spec.sprintId);
  return sprint !== undefined && isActive(sprint) && (sprint.status === 'running' || state.status === 'publishing');
};

/** Whether a task of this agent was let through already, and goes on or has failed. */
const isTried = (agent: string, openUntil: Instant, { tasks, circuits }: World): boolean =>
  circuits.get(agent)?.tried === 'failed' ||
  [...tasks.values()].some((state) => {
    const since = 'spec' in state && agentOf(state).kind === agent ? holderOf(state)?.since : undefined;
    return since !== undefined && since >= openUntil;
  });
