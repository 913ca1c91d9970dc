import { eventSchemas, isEventType, SCHEMA_VERSION, type AnyEvent, type StreamName, type Version } from '#contracts';
import { corrupt, unknownEvent } from './errors.js';

/** An event as some version of the schema wrote it: read, not yet known to be one of today's. */
export interface StoredEvent {
  readonly type: string;
  readonly data: unknown;
}

/** Lifts an event by one version of the schema. Pure; may rename the type. */
export type Upcaster = (event: StoredEvent) => StoredEvent;

/** Type of event → version that it was written with → how it looks one version later. Nothing listed: as it was. */
export type Upcasters = Readonly<Record<string, Readonly<Record<number, Upcaster>>>>;

export interface Schema {
  readonly version: number;
  readonly upcasters: Upcasters;
}

/** Today's schema. It is the first, hence nothing to lift. */
export const TODAY: Schema = { version: SCHEMA_VERSION, upcasters: {} };

export interface Place {
  readonly stream: StreamName;
  readonly version: Version;
}

/**
 * The event as today's schema knows it. Of today's version: trusted, it was checked when it was written. Older: lifted
 * version by version, then checked.
 * @throws HyperRunError `log.unknown-event` (a type or a schema from the future), `log.corrupt` (lifted, and still wrong)
 */
export const upcast = (event: StoredEvent, writtenWith: number, place: Place, schema: Schema = TODAY): AnyEvent => {
  if (writtenWith > schema.version)
    throw unknownEvent(place.stream, place.version, `written with schema ${writtenWith}, newer than ${schema.version}`);
  let lifted = event;
  for (let version = writtenWith; version < schema.version; version++)
    lifted = schema.upcasters[lifted.type]?.[version]?.(lifted) ?? lifted;
  if (!isEventType(lifted.type))
    throw unknownEvent(place.stream, place.version, `an event of type ${JSON.stringify(lifted.type)}`);
  if (writtenWith === schema.version) return lifted as AnyEvent;
  const parsed = eventSchemas[lifted.type].safeParse(lifted.data);
  if (!parsed.success)
    throw corrupt(
      place.stream,
      place.version,
      `${lifted.type} of schema ${writtenWith} cannot be read today.`,
      parsed.error,
    );
  return { type: lifted.type, data: parsed.data } as AnyEvent;
};
