import { clean, tell } from '#wording';
import { feed, onEvents } from '../live/present.js';
import { createStore } from '../live/store.js';
import type { SeenEvent } from '../live/told.js';

const LOOKED_BACK = 500;

/** What each agent did last, in a sentence: of what this page has seen. */
export const lastActions = createStore<ReadonlyMap<string, string>>(new Map());

export const noteActions = (
  known: ReadonlyMap<string, string>,
  events: readonly SeenEvent[],
): ReadonlyMap<string, string> => {
  const last = new Map(
    events.flatMap((event) => (event.agentId === undefined ? [] : [[event.agentId, event] as const])),
  );
  const next = new Map<string, string>(known);
  for (const [agentId, { type, data }] of last)
    next.set(agentId, clean(tell({ type: `hyperrun.${type}`, data })[1]).slice(0, 200));
  return next;
};

/** What is known of the time before this page was opened: the newest lines of the feed. */
feed.subscribe(() => {
  const known = new Map(lastActions.get());
  const { size } = known;
  for (let number = feed.ring.end - 1; number >= Math.max(feed.ring.first, feed.ring.end - LOOKED_BACK); number--) {
    const line = feed.ring.at(number);
    if (line?.agentId !== undefined && !known.has(line.agentId)) known.set(line.agentId, line.text);
  }
  if (known.size > size) lastActions.set(known);
});

onEvents((events) => {
  if (events.some(({ agentId }) => agentId !== undefined)) lastActions.set(noteActions(lastActions.get(), events));
});
