// A running sprint, followed to its end.
import type { EventView } from './api.js';
import { ReportView, SprintView } from './api.js';
import type { ServiceClient } from './client.js';
import { follow } from './sse.js';

export const readSprint = (client: ServiceClient, sprintId: string): Promise<SprintView> =>
  client.get(SprintView, `/hyper-running/sprints/${encodeURIComponent(sprintId)}`);

export const readReport = (client: ServiceClient, sprintId: string): Promise<ReportView> =>
  client.get(ReportView, `/hyper-running/sprints/${encodeURIComponent(sprintId)}/report`);

export interface Following {
  readonly signal?: AbortSignal;
  /** Cursor from which on events are told. */
  readonly after?: string;
  readonly patienceMs?: number;
  /** The event that ends it; default: the completion of the sprint. */
  readonly until?: (event: EventView) => boolean;
  onEvent(event: EventView, json: string): void | Promise<void>;
  onLost?(error: unknown): void;
}

const isCompleted = ({ type }: EventView): boolean => type === 'hyperrun.sprint.completed';

/** Tells every event of the sprint until the one that ends it; false when interrupted before. */
export const followSprint = async (client: ServiceClient, sprintId: string, options: Following): Promise<boolean> => {
  const { signal, after, patienceMs, until = isCompleted } = options;
  for await (const item of follow(client, { query: { sprint: sprintId }, signal, after, patienceMs })) {
    if (item.kind === 'lost') options.onLost?.(item.error);
    if (item.kind !== 'event') continue;
    await options.onEvent(item.event, item.json);
    if (until(item.event)) return true;
  }
  return false;
};
