import { TYPE_PREFIX } from '#contracts';
import type { FeedEntry } from '#event-store';
import { readEvent } from '../world/parked-events.port.js';

/** What filters look at. */
export interface Outline {
  readonly type: string;
  readonly sprintId?: string;
  readonly agentId?: string;
}

/** Of an event that this program cannot read: as it says itself, as far as that is JSON. Others may know it. */
export const outlineOf = (entry: FeedEntry): Outline => readEvent(entry) ?? outlineIn(jsonOf(entry));

/** The line that goes out. What cannot be put together any more is named by its place. */
export const jsonOf = (entry: FeedEntry): string => {
  try {
    return entry.json;
  } catch {
    // A record that is damaged: the present parks it, and says why.
    const { position, stream, version } = entry;
    const type = `${TYPE_PREFIX}unreadable`;
    return JSON.stringify({ specversion: '1.0', type, stream, streamversion: `${version}`, position: `${position}` });
  }
};

const outlineIn = (json: string): Outline => {
  const { type, sprintid, agentid } = parsed(json);
  const name = typeof type === 'string' ? type.slice(TYPE_PREFIX.length) : 'unreadable';
  return {
    type: name,
    ...(typeof sprintid === 'string' && { sprintId: sprintid }),
    ...(typeof agentid === 'string' && { agentId: agentid }),
  };
};

const parsed = (json: string): Readonly<Record<string, unknown>> => {
  try {
    return JSON.parse(json) as Readonly<Record<string, unknown>>;
  } catch {
    return {}; // Not JSON: it has no outline.
  }
};
