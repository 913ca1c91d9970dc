// The present: a fold of the whole log into what is not over yet.
import type { RepositoryId, SprintId, StreamName, TaskId, Version } from '#contracts';
import { evolveRecords, noRecords, type AgentRecords } from './agent-records.js';
import { emptyBoard, evolveBoard, type Board, type BoardEvent } from './board.js';
import type { Told } from './decider.js';
import { repository, type RepositoryState } from './repository.js';
import { isActive, sprint, type SprintState } from './sprint.js';
import { task, type TaskState } from './task.js';

export interface Alert {
  readonly alertId: string;
  readonly severity: 'info' | 'warning' | 'critical';
  readonly kind: string;
  readonly text: string;
  readonly time: number;
  readonly stream: StreamName;
  readonly sprintId?: SprintId;
  readonly taskId?: TaskId;
  readonly acknowledgedBy?: string;
}

/** Mutable on purpose: one owner folds millions of events into it. What it hands out are immutable states. */
export interface World {
  position: number;
  readonly repositories: Map<RepositoryId, RepositoryState>;
  readonly sprints: Map<SprintId, SprintState>;
  /** Tasks of sprints that are not completed. */
  readonly tasks: Map<TaskId, TaskState>;
  readonly versions: Map<StreamName, Version>;
  readonly alerts: Map<string, Alert>;
  board: Board;
  /** What is known about the success of agents. */
  records: AgentRecords;
}

export const newWorld = (): World => ({
  position: 0,
  repositories: new Map(),
  sprints: new Map(),
  tasks: new Map(),
  versions: new Map(),
  alerts: new Map(),
  board: emptyBoard,
  records: noRecords,
});

export type WorldEvent = Told & BoardEvent & { readonly stream: StreamName; readonly sprintId?: SprintId };

export const evolveWorld = (world: World, told: WorldEvent): void => {
  world.position = told.position;
  world.versions.set(told.stream, told.version);
  const dash = told.stream.indexOf('-');
  const category = dash < 0 ? told.stream : told.stream.slice(0, dash);
  const id = told.stream.slice(dash + 1);
  if (told.type === 'alert.raised') raise(world, told);
  else if (told.type === 'alert.acknowledged') acknowledge(world, told);
  if (category === 'repository') evolveEntry(world.repositories, id as RepositoryId, repository, told);
  else if (category === 'sprint') evolveSprint(world, id as SprintId, told);
  else if (category === 'task') evolveEntry(world.tasks, id as TaskId, task, told);
  world.board = evolveBoard(world.board, told);
  world.records = evolveRecords(world.records, told);
};

const evolveEntry = <Id, State>(
  map: Map<Id, State>,
  id: Id,
  rules: { readonly initial: State; evolve(state: State, told: Told): State },
  told: Told,
): void => {
  map.set(id, rules.evolve(map.get(id) ?? rules.initial, told));
};

const evolveSprint = (world: World, id: SprintId, told: Told): void => {
  const before = world.sprints.get(id) ?? sprint.initial;
  const after = sprint.evolve(before, told);
  world.sprints.set(id, after);
  if (after.status !== 'completed' || !isActive(before)) return;
  for (const taskId of [...after.taskIds, ...after.declined]) {
    world.tasks.delete(taskId);
    world.versions.delete(`task-${taskId}` as StreamName);
  }
};

const raise = (world: World, told: WorldEvent & { type: 'alert.raised' }): void => {
  const { stream, sprintId, taskId, time } = told;
  world.alerts.set(told.data.alertId, { ...told.data, time, stream, sprintId, taskId });
};

const acknowledge = (world: World, told: WorldEvent & { type: 'alert.acknowledged' }): void => {
  const alert = world.alerts.get(told.data.alertId);
  if (alert !== undefined) world.alerts.set(alert.alertId, { ...alert, acknowledgedBy: told.actor });
};
