// Does the log alone lead to the state that the service shows?
import { eventSchemas, isEventType, TYPE_PREFIX, type AnyEvent, type Version } from '#contracts';
import { sprint, task, type SprintState, type TaskState, type Told } from '#domain';
import type { EventView, SprintTask, SprintView } from './api.js';
import { workFailed } from './exit-codes.js';

export interface Replayed {
  readonly sprint: SprintState;
  readonly tasks: ReadonlyMap<string, TaskState>;
  readonly events: number;
}

/** Folds the events of one sprint with the reducers that the service uses. Throws on a gap in a stream. */
export const replay = (events: Iterable<EventView>): Replayed => {
  const versions = new Map<string, number>();
  const tasks = new Map<string, TaskState>();
  let state: SprintState = sprint.initial;
  let count = 0;
  for (const event of events) {
    count += 1;
    const told = toTold(event);
    const before = versions.get(event.stream);
    if (before !== undefined && told.version !== before + 1)
      throw workFailed(`${event.stream} goes from version ${before} to ${told.version}: the log has a gap.`);
    versions.set(event.stream, told.version);
    if (event.stream.startsWith('sprint-')) state = sprint.evolve(state, told);
    if (event.stream.startsWith('task-'))
      tasks.set(event.stream.slice(5), task.evolve(tasks.get(event.stream.slice(5)) ?? task.initial, told));
  }
  return { sprint: state, tasks, events: count };
};

const toTold = (view: EventView): Told => {
  const type = view.type.slice(TYPE_PREFIX.length);
  if (!isEventType(type)) throw workFailed(`The log holds "${type}", which this version does not know.`);
  const event = { type, data: eventSchemas[type].parse(view.data) } as AnyEvent;
  return { ...event, time: Date.parse(view.time), version: Number(view.streamversion) as Version, actor: view.actor };
};

/** What the replay and the live state do not agree on, in sentences; empty: nothing. */
export const differences = (replayed: Replayed, live: SprintView): string[] => {
  const { sprint: state } = replayed;
  const status = state.status === 'completed' ? state.outcome : state.status;
  return [
    ...unequal('sprint: status', status, live.status),
    ...live.tasks.flatMap((shown) => taskDifferences(replayed.tasks.get(shown.taskId) ?? task.initial, shown)),
    ...[...replayed.tasks.keys()]
      .filter((id) => !live.tasks.some(({ taskId }) => taskId === id))
      .map((id) => `${id}: in the log, not in the live state`),
  ];
};

const taskDifferences = (state: TaskState, shown: SprintTask): string[] => [
  ...unequal(`${shown.taskId}: status`, state.status, shown.status),
  ...unequal(`${shown.taskId}: attempts`, 'attempts' in state ? state.attempts : 0, shown.attempts ?? 0),
  ...unequal(
    `${shown.taskId}: commit`,
    'decided' in state ? state.decided?.commit : undefined,
    shown.commit ?? undefined,
  ),
];

const unequal = (what: string, replayed: unknown, live: unknown): string[] =>
  replayed === live ? [] : [`${what} is ${String(replayed)} in the replay and ${String(live)} live`];
