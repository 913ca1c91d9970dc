import { sprintStream, type Recorded, type SprintId, type TaskId } from '#contracts';
import { evolveWorld, newWorld, sprint, task } from '#domain';
import { upcast } from '#event-store';
import { readExport, recordedOf } from '#seal';
import { sprintView, type SprintView } from '../../src/sprints/views.js';
import { foldUntil } from '../../src/world/decisions.port.js';

/** What the events of an export lead to. */
export interface Replayed {
  readonly sprint: SprintView;
  /** Agents and what they were left doing. */
  readonly board: Readonly<Record<string, string>>;
}

/** The events of an export as today's schema knows them, in the order of the log. */
export const eventsOf = async (lines: readonly string[]): Promise<Recorded[]> => {
  const events: Recorded[] = [];
  for await (const line of readExport(lines)) {
    const recorded = line.kind === 'record' ? recordedOf(line) : undefined;
    if (recorded !== undefined) events.push({ ...recorded, ...upcast(recorded, recorded.schemaVersion, recorded) });
  }
  return events.toSorted((a, b) => a.position - b.position);
};

/** Folded from the events alone, as plain JSON. */
export const replay = (events: readonly Recorded[]): Replayed => {
  const sprintId = events.find(({ sprintId: id }) => id !== undefined)?.sprintId as SprintId;
  const of = (stream: string) => events.filter((event) => event.stream === stream);
  const state = foldUntil(sprint, of(sprintStream(sprintId)));
  if (state.status === 'absent') throw new Error('The export holds no event of the sprint.');
  const ids: readonly TaskId[] = 'taskIds' in state ? [...state.taskIds, ...state.declined] : [];
  const tasks = ids.map((id) => [id, foldUntil(task, of(`task-${id}`))] as const);
  const world = newWorld();
  for (const event of events) evolveWorld(world, event);
  const board = Object.fromEntries([...world.board.agents].map(([id, { status }]) => [id, status]));
  const view = sprintView(state, tasks, 'recorded');
  return JSON.parse(JSON.stringify({ sprint: view, board })) as Replayed;
};
