import { toEnvelope, type Position, type StreamName } from '#contracts';
import type { EventStore, StoredBytes } from './event-store.js';
import { closeEnvelope, openEnvelope, parseStored, toToday } from './record.js';
import { TODAY } from './upcast.js';

export interface EnvelopeText {
  readonly position: Position;
  /** The CloudEvents JSON on one line, of today's schema. */
  readonly json: string;
}

/**
 * The events of a stream as they go out, in order. What was written with today's schema is not parsed for it: its data
 * are the stored bytes.
 * @throws HyperRunError as `EventStore.read`
 */
export async function* readEnvelopes(
  store: Pick<EventStore, 'readBytes'>,
  stream: StreamName,
): AsyncGenerator<EnvelopeText> {
  for await (const record of store.readBytes(stream)) yield textOf(stream, record);
}

const textOf = (stream: StreamName, { version, header, data, position: place }: StoredBytes): EnvelopeText => {
  const text = data.toString();
  const head = parseStored(stream, version, header.toString(), 'null');
  const position = place ?? head.position;
  if (head.schemaVersion !== TODAY.version)
    return {
      position,
      json: JSON.stringify(toEnvelope({ ...toToday(parseStored(stream, version, header.toString(), text)), position })),
    };
  return { position, json: closeEnvelope(openEnvelope(head), text, { ...head, position, epoch: 0 }) };
};
