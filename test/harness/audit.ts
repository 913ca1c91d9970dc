import type { Recorded, TaskId } from '#contracts';
import { sprint, task } from '#domain';
import { readExport, recordedOf, verifyExport, type Verified } from '#seal';
import { foldUntil } from '../../src/world/decisions.port.js';
import { sprintView } from '../../src/sprints/views.js';
import type { Api } from './api.js';
import type { SprintAnswer } from './sprints.js';

export interface Exported {
  readonly lines: readonly string[];
  /** In the order of the log. */
  readonly events: readonly Recorded[];
  readonly verified: Verified;
}

export const exportSprint = async (api: Api, sprintId: string): Promise<Exported> => {
  const path = `/hyper-running/sprints/${sprintId}/events`;
  const { body } = await api.get<string>(path, { accept: 'application/x-ndjson' });
  const lines = body.split('\n');
  const events: Recorded[] = [];
  for await (const line of readExport(lines)) {
    const recorded = line.kind === 'record' ? recordedOf(line) : undefined;
    if (recorded !== undefined) events.push(recorded);
  }
  return { lines, events, verified: await verifyExport(lines) };
};

/** The sprint as the exported events alone lead to it, in the words of the service. */
export const replayed = ({ events }: Exported, live: SprintAnswer): SprintAnswer => {
  const of = (stream: string) => events.filter((event) => event.stream === stream);
  const state = foldUntil(sprint, of(`sprint-${live.sprintId}`));
  if (state.status === 'absent') throw new Error('The export holds no event of the sprint.');
  const ids: readonly TaskId[] = 'taskIds' in state ? [...state.taskIds, ...state.declined] : [];
  const tasks = ids.map((id) => [id, foldUntil(task, of(`task-${id}`))] as const);
  const view = sprintView(state, tasks, live.cursor);
  return JSON.parse(JSON.stringify(view)) as SprintAnswer;
};
