import { eventSchemas, isEventType, SCHEMA_VERSION, StreamName, type AnyEvent } from '#contracts';
import { invalidEvent, tooLarge } from './errors.js';
import type { Append, Guard, StreamWrite } from './event-store.js';
import { newId } from './new-id.js';
import { openEnvelope, openHeader, type Written } from './record.js';

export const MAX_EVENTS = 256;
export const MAX_BYTES = 1024 * 1024;

/** An event serialised once; the log adds what it alone knows to `header` and `envelope`. */
export interface PreparedEvent {
  readonly header: string;
  readonly data: string;
  readonly envelope: string;
}

export interface PreparedWrite {
  readonly stream: StreamName;
  readonly guard: Guard;
  readonly raiseEpoch: boolean;
  readonly events: readonly PreparedEvent[];
}

export interface PreparedAppend {
  readonly append: Append;
  readonly writes: readonly PreparedWrite[];
  readonly events: number;
  readonly bytes: number;
}

/** What becomes of the serialised data of an event before it is stored. It must stay the JSON that it is. */
export type Mask = (data: string) => string;

const unmasked: Mask = (data) => data;

/**
 * Checks and serialises an append before anything is sent.
 * @throws HyperRunError `log.invalid-event`, `log.append-too-large`
 */
export const prepare = (append: Append, mask: Mask = unmasked): PreparedAppend => {
  checkShape(append);
  const events = append.writes.reduce((sum, write) => sum + write.events.length, 0);
  if (events > MAX_EVENTS)
    throw tooLarge(`An append holds at most ${MAX_EVENTS} events, this one ${events}.`, { events, limit: MAX_EVENTS });
  const writes = append.writes.map((write) => prepareWrite(append, write, mask));
  const bytes = sizeOf(writes);
  if (bytes > MAX_BYTES)
    throw tooLarge(`An append holds at most ${MAX_BYTES} bytes, this one ${bytes}.`, { bytes, limit: MAX_BYTES });
  return { append, writes, events, bytes };
};

/** Bytes of headers and data; when there are few, only their characters are counted. */
const sizeOf = (writes: readonly PreparedWrite[]): number => {
  const sum = (measure: (text: string) => number) =>
    writes.reduce(
      (total, { events }) => events.reduce((part, { header, data }) => part + measure(header) + measure(data), total),
      0,
    );
  const characters = sum((text) => text.length);
  return characters * 3 <= MAX_BYTES ? characters : sum((text) => Buffer.byteLength(text));
};

const checkShape = ({ commandId, commandHash, writes }: Append): void => {
  if (commandId === '' || commandId.length > 200)
    throw invalidEvent(`A command id has 1 to 200 characters, this one ${commandId.length}.`);
  if (!/^[0-9a-f]{64}$/.test(commandHash))
    throw invalidEvent(`commandHash is a SHA-256 in 64 hexadecimal digits, not ${JSON.stringify(commandHash)}.`);
  if (writes[0] === undefined || writes[0].events.length === 0)
    throw invalidEvent('An append begins with a write of at least one event; nothing to write: append nothing.');
  const streams = new Set<string>();
  for (const write of writes) {
    checkWrite(write);
    if (streams.has(write.stream))
      throw invalidEvent(`${write.stream} is written twice in one append. Put its events into one write.`);
    streams.add(write.stream);
  }
};

const checkWrite = ({ stream, guard, raiseEpoch, events }: StreamWrite): void => {
  if (!StreamName.safeParse(stream).success)
    throw invalidEvent(`${JSON.stringify(stream)} is not the name of a stream.`);
  const numbers = guard.kind === 'exact' ? [guard.version] : [guard.epoch, guard.seq - 1];
  if (!numbers.every((number) => Number.isSafeInteger(number) && number >= 0))
    throw invalidEvent(`The guard of ${stream} is out of range: ${JSON.stringify(guard)}.`);
  if (guard.kind === 'epoch' && raiseEpoch === true)
    throw invalidEvent(`Only a write at an exact version may raise the epoch of ${stream}.`);
  if (events.length === 0 && (guard.kind === 'epoch' || raiseEpoch === true))
    throw invalidEvent(
      `Only a write at an exact version, as a mere check, may have no events; not this one to ${stream}.`,
    );
};

const prepareWrite = (append: Append, write: StreamWrite, mask: Mask): PreparedWrite => ({
  stream: write.stream,
  guard: write.guard,
  raiseEpoch: write.raiseEpoch === true,
  events: write.events.map((event, index) => prepareEvent(append, write, event, index, mask)),
});

const prepareEvent = (
  append: Append,
  write: StreamWrite,
  event: AnyEvent,
  index: number,
  mask: Mask,
): PreparedEvent => {
  const data = validData(write.stream, event, index);
  // No spread: this is the hot path.
  const written: Written = {
    type: event.type,
    id: newId(),
    stream: write.stream,
    actor: append.actor,
    commandId: append.commandId,
    commandHash: append.commandHash,
    sprintId: write.subjects?.sprintId,
    taskId: write.subjects?.taskId,
    agentId: write.subjects?.agentId,
    correlationId: append.correlationId,
    causationId: append.causationId,
    schemaVersion: SCHEMA_VERSION,
  };
  return { header: openHeader(written), data: mask(JSON.stringify(data)), envelope: openEnvelope(written) };
};

const validData = (stream: StreamName, event: AnyEvent, index: number): unknown => {
  if (!isEventType(event.type))
    throw invalidEvent(`${JSON.stringify(event.type)}, event ${index + 1} for ${stream}, is not a type of event.`, {
      stream,
    });
  const parsed = eventSchemas[event.type].safeParse(event.data);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = ['data', ...(issue?.path ?? [])].map(String).join('.');
  throw invalidEvent(
    `${event.type}, event ${index + 1} for ${stream}: ${field}: ${issue?.message ?? 'invalid'}.`,
    { stream, type: event.type, field },
    parsed.error,
  );
};
