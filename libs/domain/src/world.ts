// The present: a fold of the whole log into what is not over yet.
import {
  taskStream,
  type AgentId,
  type RepositoryId,
  type SprintId,
  type StreamName,
  type TaskId,
  type Version,
} from '#contracts';
import { evolveRecords, type AgentRecords } from './agent-records.js';
import { evolveBoard, type Board, type BoardEvent } from './board.js';
import { inPlace } from './change-map.js';
import { evolveCircuits, noCircuits, tellsOfCircuit, type Circuits } from './circuit.js';
import type { Told } from './decider.js';
import { repository, type RepositoryState } from './repository.js';
import { isActive, sprint, type SprintState } from './sprint.js';
import { holderOf, task, type TaskState } from './task.js';

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
  /** Position of the newest event that changed it. */
  readonly version: number;
}

/** Mutable on purpose: one owner folds millions of events into it. What it hands out are immutable states. */
export interface World {
  position: number;
  readonly repositories: Map<RepositoryId, RepositoryState>;
  readonly sprints: Map<SprintId, SprintState>;
  /** Tasks of sprints that are not completed. */
  readonly tasks: Map<TaskId, TaskState>;
  readonly versions: Map<StreamName, Version>;
  /** Of repositories, sprints and tasks: position of the newest event that changed their state. */
  readonly revisions: Map<StreamName, number>;
  readonly alerts: Map<string, Alert>;
  /** Events whose redaction was asked for and is not done, with the stream of each. */
  readonly redactions: Map<string, StreamName>;
  board: Board;
  /** What is known about the success of agents. */
  records: AgentRecords;
  /** Which kinds of agents may be given work. */
  circuits: Circuits;
}

export const newWorld = (): World => ({
  position: 0,
  repositories: new Map(),
  sprints: new Map(),
  tasks: new Map(),
  versions: new Map(),
  revisions: new Map(),
  alerts: new Map(),
  redactions: new Map(),
  board: { agents: new Map(), titles: new Map(), holders: new Map() },
  records: { records: new Map(), open: new Map() },
  circuits: noCircuits,
});

/** A world that goes its own way from here on. */
export const copyWorld = (world: World): World => ({
  ...world,
  repositories: new Map(world.repositories),
  sprints: new Map(world.sprints),
  tasks: new Map(world.tasks),
  versions: new Map(world.versions),
  revisions: new Map(world.revisions),
  alerts: new Map(world.alerts),
  redactions: new Map(world.redactions),
  board: { ...world.board, titles: new Map(world.board.titles), holders: new Map(world.board.holders) },
  records: { ...world.records, open: new Map(world.records.open) },
});

export type WorldEvent = Told &
  BoardEvent & { readonly id?: string; readonly stream: StreamName; readonly sprintId?: SprintId };

/** Told of an event that a part of the world could not take. */
export type OnUnfit = (part: string, error: unknown) => void;

const rethrow: OnUnfit = (_, error) => {
  throw error;
};

/** Each part on its own: one that cannot take an event is left as it was, and told of, and the others go on. */
export const evolveWorld = (world: World, told: WorldEvent, onUnfit: OnUnfit = rethrow): void => {
  passOver(world, told);
  const dash = told.stream.indexOf('-');
  const category = dash < 0 ? told.stream : told.stream.slice(0, dash);
  const id = told.stream.slice(dash + 1);
  for (const [part, evolve] of PARTS) {
    try {
      evolve(world, told, category, id);
    } catch (error) {
      onUnfit(part, error);
    }
  }
};

/** As an event does that changes nothing: the world goes on to its place. */
export const passOver = (
  world: World,
  { position, stream, version }: Pick<WorldEvent, 'position' | 'stream' | 'version'>,
): void => {
  world.position = position;
  world.versions.set(stream, version);
};

/** In this order: the circuits look at who holds a task before the event. */
const PARTS: readonly (readonly [string, (world: World, told: WorldEvent, category: string, id: string) => void])[] = [
  [
    'alerts',
    (world, told) => {
      if (told.type === 'alert.raised') raise(world, told);
      else if (told.type === 'alert.acknowledged') acknowledge(world, told);
    },
  ],
  [
    'redactions',
    (world, told) => {
      if (told.type === 'event.redaction-requested') world.redactions.set(told.data.eventId, told.stream);
      else if (told.type === 'event.redacted') world.redactions.delete(told.data.eventId);
    },
  ],
  [
    'circuits',
    (world, told, category, id) => {
      if (!tellsOfCircuit(told)) return;
      const agentId = category === 'agent' ? (id as AgentId) : failingIn(world, id as TaskId, told);
      const kind = agentId === undefined ? undefined : world.board.agents.get(agentId)?.kind;
      world.circuits = evolveCircuits(world.circuits, told, kind);
    },
  ],
  [
    'sprints',
    (world, told, category, id) => {
      if (category === 'repository') evolveEntry(world, world.repositories, id as RepositoryId, repository, told);
      else if (category === 'sprint') evolveSprint(world, id as SprintId, told);
      else if (category === 'task') evolveEntry(world, world.tasks, id as TaskId, task, told);
    },
  ],
  ['board', (world, told) => void (world.board = evolveBoard(world.board, told, inPlace))],
  ['records', (world, told) => void (world.records = evolveRecords(world.records, told, inPlace))],
];

/** Whose doing an event of a task is: that of who was at it until now; but a verification is ours. */
export const failingIn = ({ tasks }: World, taskId: TaskId, { type }: WorldEvent): AgentId | undefined => {
  const state = tasks.get(taskId);
  if (state === undefined) return undefined;
  const ours = type === 'task.stalled' && state.status === 'working' && state.stage === 'verifying';
  return ours ? undefined : holderOf(state)?.agentId;
};

const evolveEntry = <Id, State>(
  world: World,
  map: Map<Id, State>,
  id: Id,
  rules: { readonly initial: State; evolve(state: State, told: Told): State },
  told: WorldEvent,
): { readonly before: State; readonly after: State } => {
  const before = map.get(id) ?? rules.initial;
  const after = rules.evolve(before, told);
  // What comes after the end of a task that is let go of does not bring it back.
  if (after !== before || map.has(id)) map.set(id, after);
  if (after !== before) world.revisions.set(told.stream, told.position);
  return { before, after };
};

const evolveSprint = (world: World, id: SprintId, told: WorldEvent): void => {
  const { before, after } = evolveEntry(world, world.sprints, id, sprint, told);
  if (after.status !== 'completed' || !isActive(before)) return;
  for (const taskId of [...after.taskIds, ...after.declined]) {
    world.tasks.delete(taskId);
    world.versions.delete(taskStream(taskId));
    world.revisions.delete(taskStream(taskId));
  }
};

const raise = (world: World, told: WorldEvent & { type: 'alert.raised' }): void => {
  const { stream, sprintId, taskId, time, position: version } = told;
  world.alerts.set(told.data.alertId, { ...told.data, time, stream, sprintId, taskId, version });
};

const acknowledge = (world: World, told: WorldEvent & { type: 'alert.acknowledged' }): void => {
  const alert = world.alerts.get(told.data.alertId);
  if (alert === undefined) return;
  world.alerts.set(alert.alertId, { ...alert, acknowledgedBy: told.actor, version: told.position });
};
