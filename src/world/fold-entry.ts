import { evolveWorld, passOver, type World } from '#domain';
import type { FeedEntry } from '#event-store';
import { readEvent } from './parked-events.port.js';

/** Told of what could not be folded: which part of the world, of which entry, and why. */
export type OnParked = (part: string, entry: FeedEntry, error: unknown) => void;

/**
 * Folds one entry of the log. What cannot be read, or not be taken by a part of the world, is parked, and everything else
 * goes on: the world is then as if that event had changed nothing. Returns the event that was read.
 */
export const foldEntry = (world: World, entry: FeedEntry, onParked: OnParked): FeedEntry['event'] | undefined => {
  const event = readEvent(entry, (error) => onParked('world', entry, error));
  if (event === undefined) {
    passOver(world, entry);
    return undefined;
  }
  evolveWorld(world, event, (part, error) => onParked(part, entry, error));
  return event;
};
