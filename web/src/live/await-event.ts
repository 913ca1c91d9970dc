import { onEvents } from './present.js';
import type { SeenEvent } from './told.js';

const WITHIN_MS = 5000;

/**
 * Whether an event comes back over the stream: what a person did counts as done when it is seen there, not before. Listens
 * from the call on, so it is called before the write.
 */
export const awaitEvent = (wanted: (event: SeenEvent) => boolean, withinMs = WITHIN_MS): Promise<boolean> =>
  new Promise((resolve) => {
    const end = (came: boolean) => {
      clearTimeout(timer);
      stop();
      resolve(came);
    };
    const timer = setTimeout(end, withinMs, false);
    const stop = onEvents((events) => events.some(wanted) && end(true));
  });
