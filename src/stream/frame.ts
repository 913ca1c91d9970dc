import type { EventStore, FeedEntry } from '#event-store';
import { jsonOf, outlineOf } from './outline.js';
import type { Position } from '#contracts';
import type { Reset } from '../http/stream.schema.js';

/** An event as it goes to every client of the stream: serialised once. */
export interface Frame {
  readonly position: Position;
  readonly type: string;
  readonly sprintId?: string;
  readonly agentId?: string;
  /** `id: <cursor>`, `data: <json>` and the empty line. */
  readonly bytes: Buffer;
}

export const toFrame = (entry: FeedEntry, cursor: string): Frame => {
  const { type, sprintId, agentId } = outlineOf(entry);
  return { position: entry.position, type, sprintId, agentId, bytes: Buffer.from(messageFrame(cursor, jsonOf(entry))) };
};

/** A message without a name, as `onmessage` sees it. */
export const messageFrame = (cursor: string, json: string): string => `id: ${cursor}\ndata: ${json}\n\n`;

/** A control message; it has an `event:` field, so that `onmessage` sees none. */
export const controlFrame = (event: 'hello' | 'reset' | 'snapshot', cursor: string, json: string): string =>
  `event: ${event}\n${messageFrame(cursor, json)}`;

/** The cursor of a client cannot be served: it takes the state as it is, and is told what comes after a position. */
export const resetFrame = (store: Pick<EventStore, 'cursorOf'>, reason: string, after: Position): string => {
  const data: Reset = { reason, oldest: store.cursorOf(0 as Position) };
  return controlFrame('reset', store.cursorOf(after), JSON.stringify(data));
};
