import { clean, tell } from '#wording';
import { onEvents } from '../live/present.js';
import { createStore } from '../live/store.js';
import type { SeenEvent } from '../live/told.js';

/** What each agent did last, in a sentence: of what this page has seen. */
export const lastActions = createStore<ReadonlyMap<string, string>>(new Map());

export const noteActions = (
  known: ReadonlyMap<string, string>,
  events: readonly SeenEvent[],
): ReadonlyMap<string, string> => {
  const next = new Map(known);
  for (const event of events)
    if (event.agentId !== undefined)
      next.set(event.agentId, clean(tell({ type: `hyperrun.${event.type}`, data: event.data })[1]).slice(0, 200));
  return next;
};

onEvents((events) => {
  if (events.some(({ agentId }) => agentId !== undefined)) lastActions.set(noteActions(lastActions.get(), events));
});
