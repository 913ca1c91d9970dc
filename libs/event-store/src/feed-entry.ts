import {
  toEnvelope,
  TYPE_PREFIX,
  type AgentId,
  type Envelope,
  type Position,
  type Recorded,
  type SprintId,
  type StreamName,
  type TaskId,
  type Version,
} from '#contracts';
import { corrupt } from './errors.js';
import type { FeedEntry } from './event-store.js';
import { parseStored, toToday } from './record.js';
import { upcast } from './upcast.js';

type FeedEvent = FeedEntry['event'];

/** An entry of the feed: its JSON is there, the rest is parsed when somebody asks, once for all who do. */
export class LiveEntry implements FeedEntry {
  #envelope: Envelope | undefined;
  #event: FeedEvent | undefined;

  constructor(
    readonly position: Position,
    readonly stream: StreamName,
    readonly version: Version,
    readonly json: string,
  ) {}

  get envelope(): Envelope {
    return (this.#envelope ??= upcastEnvelope(this, parseEnvelope(this)));
  }

  get event(): FeedEvent {
    return (this.#event ??= eventOf(this, this.envelope));
  }
}

/** An event read back from the log: its record is there, the JSON is made again when somebody asks, byte for byte. */
export class LoggedEntry implements FeedEntry {
  #json: string | undefined;
  #envelope: Envelope | undefined;
  #event: FeedEvent | undefined;

  constructor(
    readonly position: Position,
    readonly stream: StreamName,
    readonly version: Version,
    private readonly header: string,
    private readonly data: string,
  ) {}

  get json(): string {
    return (this.#json ??= JSON.stringify(toEnvelope(this.#stored())));
  }

  get envelope(): Envelope {
    return (this.#envelope ??= toEnvelope(toToday(this.#stored())));
  }

  get event(): FeedEvent {
    return (this.#event ??= toFeedEvent(toToday(this.#stored())));
  }

  #stored(): Recorded {
    return parseStored(this.stream, this.version, this.header, this.data);
  }
}

const parseEnvelope = (entry: LiveEntry): Envelope => {
  try {
    return JSON.parse(entry.json) as Envelope;
  } catch (cause) {
    throw corrupt('feed', entry.position, 'the event is not JSON.', cause);
  }
};

const upcastEnvelope = (entry: LiveEntry, envelope: Envelope): Envelope => {
  const stored = { type: envelope.type.slice(TYPE_PREFIX.length), data: envelope.data };
  const today = upcast(stored, Number(envelope.schemaversion), entry);
  return today === stored ? envelope : { ...envelope, type: TYPE_PREFIX + today.type, data: today.data };
};

type Draft = { -readonly [K in keyof FeedEvent]: FeedEvent[K] };

/** Written out field by field: there are as many as there are events, and spreading costs ten times as much. */
const eventOf = (entry: LiveEntry, envelope: Envelope): FeedEvent => {
  const event = {
    type: envelope.type.slice(TYPE_PREFIX.length),
    data: envelope.data,
    id: envelope.id,
    stream: entry.stream,
    version: entry.version,
    position: entry.position,
    time: Date.parse(envelope.time),
    actor: envelope.actor,
  } as Draft;
  if (envelope.sprintid !== undefined) event.sprintId = envelope.sprintid as SprintId;
  if (envelope.taskid !== undefined) event.taskId = envelope.taskid as TaskId;
  if (envelope.agentid !== undefined) event.agentId = envelope.agentid as AgentId;
  return event as FeedEvent;
};

const toFeedEvent = (record: Recorded): FeedEvent => {
  const { type, data, id, stream, version, position, time, actor } = record;
  const event = { type, data, id, stream, version, position, time, actor } as Draft;
  if (record.sprintId !== undefined) event.sprintId = record.sprintId;
  if (record.taskId !== undefined) event.taskId = record.taskId;
  if (record.agentId !== undefined) event.agentId = record.agentId;
  return event as FeedEvent;
};
