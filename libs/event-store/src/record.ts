import { type Recorded, type StreamName, type Version } from '#contracts';
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

/** The header of a record as its writer knows it, one JSON object without its closing brace: the log ends it. */
export const openHeader = (event: Omit<Recorded, 'version' | 'position' | 'time'>): string =>
  JSON.stringify(event).slice(0, -1);

/** As scripts/append.lua does it. */
export const closeHeader = (open: string, { version, position, time, epoch }: LogFacts): string =>
  `${open},"version":${version},"position":${position},"time":${time}${epoch > 0 ? `,"epoch":${epoch}` : ''}}`;

/** As scripts/append.lua does it: the CloudEvents JSON from its beginning, its data, and what the log adds. */
export const closeEnvelope = (open: string, data: string, { version, position, time }: LogFacts): string =>
  `${open},"data":${data},"time":"${new Date(time).toISOString()}","streamversion":"${version}","position":"${position}"}`;

/** A record as it was written, whatever the schema was then. Cheap: bytes of the log are trusted once they parse. */
export const parseStored = (stream: StreamName, version: Version, header: string, data: string): Recorded => {
  let record: Omit<Recorded, 'data'> & { data?: unknown };
  try {
    record = JSON.parse(header) as Recorded;
    record.data = JSON.parse(data) as unknown;
  } catch (cause) {
    throw corrupt(stream, version, 'the record is not JSON.', cause);
  }
  if (record.version !== version || record.stream !== stream)
    throw corrupt(stream, version, `its header names ${String(record.stream)} ${String(record.version)}.`);
  return record as Recorded;
};

/** A record as today's schema knows it. */
export const toToday = (record: Recorded, schema: Schema = TODAY): Recorded => {
  const today = upcast(record, record.schemaVersion, record, schema);
  return today === record ? record : Object.assign({}, record, today, { schemaVersion: schema.version });
};

/** The event that stored bytes are. @throws HyperRunError `log.corrupt`, `log.unknown-event` */
export const toRecorded = (stream: StreamName, { version, header, data }: StoredBytes): Recorded =>
  toToday(parseStored(stream, version, header.toString(), data.toString()));
