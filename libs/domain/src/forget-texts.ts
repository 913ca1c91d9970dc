// What was taken out of the log goes from worlds in memory, too.
import { REDACTED, type Recorded, type SprintId, type StreamName, type TaskId } from '#contracts';
import { retellReason } from './board.js';
import { fold, type Decider } from './decider.js';
import { sprint } from './sprint.js';
import { task } from './task.js';
import type { World } from './world.js';

/** An event whose texts were taken out, and its stream as it stands in the log since. */
export interface TakenOut {
  readonly stream: StreamName;
  readonly eventId: string;
  /** All events of the stream, in order; those beyond a world are passed over. */
  readonly events: readonly Recorded[];
}

/**
 * Folds anew what a world holds of a stream, from what is left of its events: nothing but words changes.
 * @param revision of what has changed by it, for whoever shows the world; left out: it stays what it was
 */
export const forgetTexts = (world: World, { stream, eventId, events }: TakenOut, revision?: number): void => {
  const own = events.filter(({ position }) => position <= world.position);
  const told = own.find(({ id }) => id === eventId);
  if (told === undefined) return;
  forgetAlerts(world, told, revision);
  if (stream.startsWith('sprint-')) renew(world.sprints, stream.slice('sprint-'.length) as SprintId, sprint, own);
  if (stream.startsWith('task-')) {
    const taskId = stream.slice('task-'.length) as TaskId;
    renew(world.tasks, taskId, task, own);
    const isWhy = told === own.findLast(({ type }) => type === 'task.blocked');
    if (isWhy && told.type === 'task.blocked')
      world.board = retellReason(world.board, taskId, told.data.reason, revision);
  }
  if (revision !== undefined && world.revisions.has(stream)) world.revisions.set(stream, revision);
};

/** What the world has let go of does not come back. */
const renew = <Id, State>(
  map: Map<Id, State>,
  id: Id,
  rules: Pick<Decider<State, never>, 'initial' | 'evolve'>,
  events: readonly Recorded[],
): void => {
  if (map.has(id)) map.set(id, fold(rules, events));
};

/** Of those that the event raised, or, of an archived sprint, repeated. */
const forgetAlerts = (world: World, told: Recorded, revision?: number): void => {
  const raised =
    told.type === 'alert.raised' ? [told.data] : told.type === 'sprint.archived' ? told.data.left.alerts : [];
  for (const { alertId } of raised) {
    const alert = world.alerts.get(alertId);
    if (alert !== undefined)
      world.alerts.set(alertId, { ...alert, text: REDACTED, version: revision ?? alert.version });
  }
};
