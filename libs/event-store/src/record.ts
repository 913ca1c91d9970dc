import { sourceOf, TYPE_PREFIX, type Recorded, type StreamName, type Version } from '#contracts';
import { corrupt } from './errors.js';
import type { StoredBytes } from './event-store.js';
import { TODAY, upcast, type Schema } from './upcast.js';

/** What only the log knows of an event, at the moment when it writes it. `epoch` 0 is left out. */
export interface LogFacts {
  readonly version: number;
  readonly position: number;
  readonly time: number;
  readonly epoch: number;
}

/** What the writer of an event knows of it, its data aside. */
export type Written = Omit<Recorded, 'version' | 'position' | 'time' | 'data'>;

const member = (name: string, value: string | undefined): string =>
  value === undefined ? '' : `,"${name}":${JSON.stringify(value)}`;

/**
 * The header of a record as its writer knows it, one JSON object without its closing brace: the log ends it. Put together
 * by hand, as is `openEnvelope`: `JSON.stringify` of an object that is made for it takes four times as long.
 */
export const openHeader = (event: Written): string =>
  `{"type":"${event.type}","id":"${event.id}","stream":"${event.stream}"` +
  `${member('actor', event.actor)}${member('commandId', event.commandId)},"commandHash":"${event.commandHash}"` +
  `${member('sprintId', event.sprintId)}${member('taskId', event.taskId)}${member('agentId', event.agentId)}` +
  `${member('correlationId', event.correlationId)}${member('causationId', event.causationId)}` +
  `,"schemaVersion":${event.schemaVersion}`;

/** `envelopeHead` as JSON, without the data and the closing brace. */
export const openEnvelope = (event: Written): string =>
  `{"specversion":"1.0","id":"${event.id}","source":"${sourceOf(event.stream)}","type":"${TYPE_PREFIX}${event.type}"` +
  `${member('subject', event.taskId ?? event.sprintId ?? event.agentId)},"datacontenttype":"application/json"` +
  `${member('sprintid', event.sprintId)}${member('taskid', event.taskId)}${member('agentid', event.agentId)}` +
  `,"stream":"${event.stream}","schemaversion":"${event.schemaVersion}"${member('actor', event.actor)}` +
  `${member('correlationid', event.correlationId)}${member('causationid', event.causationId)}`;

/** As scripts/append.lua does it. */
export const closeHeader = (open: string, { version, position, time, epoch }: LogFacts): string =>
  `${open},"version":${version},"position":${position},"time":${time}${epoch > 0 ? `,"epoch":${epoch}` : ''}}`;

/** As scripts/append.lua does it: the CloudEvents JSON from its beginning, its data, and what the log adds. */
export const closeEnvelope = (open: string, data: string, { version, position, time }: LogFacts): string =>
  `${open},"data":${data},"time":"${new Date(time).toISOString()}","streamversion":"${version}","position":"${position}"}`;

/**
 * A record as it was written, whatever the schema was then. Cheap: bytes of the log are trusted once they parse. What is the
 * same in the record `before` it is kept once for both: a quarter of the memory of a long stream.
 */
export const parseStored = (
  stream: StreamName,
  version: Version,
  header: string,
  data: string,
  before?: Recorded,
): Recorded => {
  let record: Omit<Recorded, 'data'> & { data?: unknown };
  try {
    record = JSON.parse(header) as Recorded;
    record.data = JSON.parse(data) as unknown;
  } catch (cause) {
    throw corrupt(stream, version, 'the record is not JSON.', cause);
  }
  if (record.version !== version || record.stream !== stream)
    throw corrupt(stream, version, `its header names ${String(record.stream)} ${String(record.version)}.`);
  if (before !== undefined) share(record, before);
  return record as Recorded;
};

type Shared = { -readonly [Key in 'type' | 'stream' | 'actor' | 'commandId' | 'commandHash']: Recorded[Key] };

const share = (record: Shared, before: Recorded): void => {
  record.stream = before.stream;
  if (record.type === before.type) record.type = before.type;
  if (record.actor === before.actor) record.actor = before.actor;
  if (record.commandId === before.commandId) record.commandId = before.commandId;
  if (record.commandHash === before.commandHash) record.commandHash = before.commandHash;
};

/** A record as today's schema knows it. */
export const toToday = (record: Recorded, schema: Schema = TODAY): Recorded => {
  const today = upcast(record, record.schemaVersion, record, schema);
  return today === record ? record : Object.assign({}, record, today, { schemaVersion: schema.version });
};

/** The event that stored bytes are. @throws HyperRunError `log.corrupt`, `log.unknown-event` */
export const toRecorded = (stream: StreamName, { version, header, data }: StoredBytes): Recorded =>
  toToday(parseStored(stream, version, header.toString(), data.toString()));
