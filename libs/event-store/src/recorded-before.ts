import type { Position, Recorded, StreamName, Version } from '#contracts';
import { commandIdReused } from './errors.js';
import type { Append, Appended, StreamHead, StreamWrite } from './event-store.js';

/** Reads events of a stream from a version on, at most `count`. */
export type ReadSlice = (stream: StreamName, from: Version, count: number) => Promise<Recorded[]>;

/**
 * What an append recorded when it was carried out before, `undefined` when it was not: told by its command id on the
 * first event of its first write, at the only place where it can stand.
 * @throws HyperRunError `command.id-reused`
 */
export const recordedBefore = async (
  append: Append,
  read: ReadSlice,
): Promise<Omit<Appended, 'cursor'> | undefined> => {
  const [first, ...others] = append.writes;
  if (first === undefined) return undefined;
  const events = await eventsOf(append, first, read);
  if (events[0] === undefined) return undefined;
  if (events[0].commandHash !== append.commandHash) throw commandIdReused(append.commandId, first.stream);
  const all = [events, ...(await Promise.all(others.map((write) => eventsOf(append, write, read))))];
  const heads = await Promise.all(append.writes.map((write, index) => headAfter(write, all[index] ?? [], read)));
  const position = Math.max(...all.map((written) => written.at(-1)?.position ?? 0)) as Position;
  return { position, heads };
};

const eventsOf = async (append: Append, write: StreamWrite, read: ReadSlice): Promise<Recorded[]> => {
  const { guard, stream, events } = write;
  if (events.length === 0) return [];
  const found =
    guard.kind === 'exact'
      ? await read(stream, (guard.version + 1) as Version, events.length)
      : await read(stream, 1 as Version, Infinity);
  return found.filter((event) => event.commandId === append.commandId);
};

const headAfter = async (write: StreamWrite, written: readonly Recorded[], read: ReadSlice): Promise<StreamHead> => {
  const { stream, guard } = write;
  const version = guard.kind === 'exact' ? guard.version : (0 as Version);
  const last = written.at(-1) ?? (version > 0 ? (await read(stream, version, 1))[0] : undefined);
  return { stream, version: last?.version ?? version, epoch: last?.epoch ?? (0 as StreamHead['epoch']) };
};
