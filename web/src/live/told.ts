// Events as they come over the wire, and as the reducers see them.
import { TYPE_PREFIX, type Envelope } from '#contracts';
import type { WorldEvent } from '#domain';

/** What every part of the page knows of an event: the fold's view of it, and what it is called at the edge. */
export type SeenEvent = WorldEvent & {
  readonly id: string;
  readonly causationId?: string;
  readonly sprintId?: string;
};

/** The envelope as the reducers want it. Types of a newer service keep their name; the reducers pass over them. */
export const toSeen = (envelope: Envelope): SeenEvent =>
  ({
    id: envelope.id,
    type: envelope.type.startsWith(TYPE_PREFIX) ? envelope.type.slice(TYPE_PREFIX.length) : envelope.type,
    data: envelope.data,
    time: Date.parse(envelope.time),
    version: Number(envelope.streamversion),
    position: Number(envelope.position),
    actor: envelope.actor,
    stream: envelope.stream,
    sprintId: envelope.sprintid,
    taskId: envelope.taskid,
    agentId: envelope.agentid,
    causationId: envelope.causationid,
  }) as SeenEvent;
