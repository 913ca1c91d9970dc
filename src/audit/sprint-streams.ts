import {
  HyperRunError,
  sprintStream,
  taskStream,
  type Position,
  type Recorded,
  type SprintId,
  type StreamName,
  type TaskId,
} from '#contracts';
import { isActive, sprint } from '#domain';
import type { EventStore } from '#event-store';
import { foldUntil } from '../world/decisions.port.js';

export interface SprintHistory {
  readonly sprint: readonly Recorded[];
  readonly tasks: ReadonlyMap<TaskId, readonly Recorded[]>;
  readonly streams: readonly StreamName[];
  /** All events of the sprint and its tasks, in the order in which they happened. */
  readonly events: readonly Recorded[];
}

/**
 * Everything that happened in a sprint up to a position, read from the log alone.
 * @throws HyperRunError `sprint.unknown`
 */
export const readSprint = async (
  store: EventStore,
  sprintId: SprintId,
  until = Infinity as Position,
): Promise<SprintHistory> => {
  const read = async (stream: StreamName) => (await store.read(stream)).filter(({ position }) => position <= until);
  const own = await read(sprintStream(sprintId));
  if (own.length === 0) throw new HyperRunError('sprint.unknown', `There is no plan and no sprint "${sprintId}".`);
  const state = foldUntil(sprint, own);
  const ids = isActive(state) || state.status === 'completed' ? [...state.taskIds, ...state.declined] : [];
  const tasks = new Map<TaskId, readonly Recorded[]>();
  for (const id of ids) tasks.set(id, await read(taskStream(id)));
  const events = [...own, ...[...tasks.values()].flat()].toSorted((a, b) => a.position - b.position);
  return { sprint: own, tasks, streams: [sprintStream(sprintId), ...ids.map(taskStream)], events };
};
