import type { Epoch, Version } from '#contracts';
import { epochOver, seqRefused, versionConflict } from './errors.js';
import type { Append, StreamHead } from './event-store.js';

/** Answer of the log to one append: `[code, …]`, as scripts/append.lua documents it. */
export type Answer = readonly number[];

/** The answers to so many appends, out of the reply of scripts/append.lua; one that is missing is `[]`. */
export const answersIn = (reply: readonly number[], appends: readonly Append[]): Answer[] => {
  let end = 0;
  return appends.map(({ writes }) => reply.slice(end, (end += reply[end] === 0 ? 2 + 2 * writes.length : 3)));
};

export const headsOf = (append: Append, answer: Answer): StreamHead[] =>
  append.writes.map(({ stream }, index) => ({
    stream,
    version: (answer[2 + 2 * index] ?? 0) as Version,
    epoch: (answer[3 + 2 * index] ?? 0) as Epoch,
  }));

/** Whether it is the refusal that an append meets when it was carried out before: always one of its first write. */
export const mayStandAlready = ({ writes }: Append, [code, index = 0, found = 0]: Answer): boolean => {
  const guard = writes[0]?.guard;
  if (index !== 0 || guard === undefined) return false;
  if (guard.kind === 'exact') return found > guard.version;
  return code === 2 || found === guard.seq;
};

export const refusalOf = ({ writes }: Append, [code, index = 0, found = 0]: Answer): Error => {
  const write = writes[index];
  if (write === undefined) return new Error('The log refused a write that was not asked for.');
  const { stream, guard } = write;
  if (guard.kind === 'exact') return versionConflict(stream, guard.version, found);
  return code === 2 ? epochOver(stream, guard.epoch, found) : seqRefused(stream, guard.seq, found);
};
