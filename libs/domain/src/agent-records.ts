// How often each kind of agent has solved tasks of each kind of finding: a fold over the log.
import type { EventOf, FindingSource, TaskId } from '#contracts';
import { copied, type ChangeMap } from './change-map.js';
import type { Told } from './decider.js';
import { isTaskEnd } from './task-state.js';

export interface AgentRecord {
  readonly agent: string;
  readonly kind: FindingSource;
  /** Tasks that passed. */
  readonly passed: number;
  /** Tasks whose end says something about the agent: those that passed, and those that failed through it. */
  readonly tried: number;
}

interface Doing {
  readonly agent: string;
  readonly kind: FindingSource;
}

export interface AgentRecords {
  /** By agent and kind of finding. */
  readonly records: ReadonlyMap<string, AgentRecord>;
  /** Who does the tasks that have not ended. */
  readonly open: ReadonlyMap<TaskId, Doing>;
}

export const noRecords: AgentRecords = { records: new Map(), open: new Map() };

export const recordOf = ({ records }: AgentRecords, agent: string, kind: FindingSource): AgentRecord =>
  records.get(keyOf({ agent, kind })) ?? { agent, kind, passed: 0, tried: 0 };

/**
 * The chance that the next task will pass, by what is known: (passed + 1) / (tried + 2), Laplace's rule of succession. Who
 * was never tried has one half, so that it is tried before one that mostly failed.
 */
export const chanceOf = ({ passed, tried }: Pick<AgentRecord, 'passed' | 'tried'>): number =>
  (passed + 1) / (tried + 2);

const keyOf = ({ agent, kind }: Doing): string => `${agent} ${kind}`;

/** Ends that are the machine's or a person's doing, and no agent's. */
const NOT_THE_AGENT: readonly string[] = ['attempts-exhausted', 'unanswered'];

/**
 * The records after one more event. The same object when it says nothing about an agent's success.
 * @param change how the open tasks are changed: there may be ten thousand of them
 */
export const evolveRecords = (
  state: AgentRecords,
  told: Told & { readonly taskId?: TaskId },
  change: ChangeMap = copied,
): AgentRecords => {
  if (told.type === 'task.queued') {
    const { taskId, agent, kind } = told.data.task;
    return { ...state, open: change(state.open, (open) => open.set(taskId, { agent, kind })) };
  }
  const { taskId } = told;
  if (told.type === 'task.reassigned') return passedOn(state, told, change);
  const doing = taskId === undefined ? undefined : state.open.get(taskId);
  if (taskId === undefined || doing === undefined || !isTaskEnd(told)) return state;
  const open = change(state.open, (tasks) => tasks.delete(taskId));
  const passed = told.type === 'task.passed';
  const failed =
    told.type === 'task.failed' && !NOT_THE_AGENT.includes(told.data.kind) && told.data.trouble !== 'unavailable';
  return passed || failed ? { open, records: counted(state, doing, passed) } : { ...state, open };
};

/** Whoever got into trouble has tried; whoever could not be asked has not. */
const passedOn = (
  state: AgentRecords,
  { taskId, data: { to, trouble } }: Told<EventOf<'task.reassigned'>> & { readonly taskId?: TaskId },
  change: ChangeMap,
): AgentRecords => {
  const doing = taskId === undefined ? undefined : state.open.get(taskId);
  if (taskId === undefined || doing === undefined) return state;
  const open = change(state.open, (tasks) => tasks.set(taskId, { ...doing, agent: to }));
  return trouble === 'unavailable' ? { ...state, open } : { open, records: counted(state, doing, false) };
};

const counted = (state: AgentRecords, doing: Doing, passed: boolean): AgentRecords['records'] => {
  const before = recordOf(state, doing.agent, doing.kind);
  const after = { ...before, tried: before.tried + 1, passed: before.passed + (passed ? 1 : 0) };
  return new Map(state.records).set(keyOf(doing), after);
};
