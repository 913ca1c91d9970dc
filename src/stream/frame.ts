import type { FeedEntry } from '#event-store';
import type { Position } from '#contracts';

/** An event as it goes to every client of the stream: serialised once. */
export interface Frame {
  readonly position: Position;
  readonly type: string;
  readonly sprintId?: string;
  readonly agentId?: string;
  /** `id: <cursor>`, `data: <json>` and the empty line. */
  readonly bytes: Buffer;
}

export const toFrame = (entry: FeedEntry, cursor: string): Frame => ({
  position: entry.position,
  type: entry.event.type,
  sprintId: entry.event.sprintId,
  agentId: entry.event.agentId,
  bytes: Buffer.from(`id: ${cursor}\ndata: ${entry.json}\n\n`),
});

/** A control message; it has an `event:` field, so that `onmessage` sees events of the log only. */
export const controlFrame = (event: 'hello' | 'reset', cursor: string, data: object): string =>
  `event: ${event}\nid: ${cursor}\ndata: ${JSON.stringify(data)}\n\n`;
