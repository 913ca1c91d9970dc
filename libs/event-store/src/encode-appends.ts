import type { StreamName } from '#contracts';
import type { Keys } from './keys.js';
import type { LogMark } from './log-mark.js';
import type { PreparedAppend, PreparedWrite } from './prepare.js';

export interface Terms {
  readonly channel: string;
  readonly feedLength: number;
  /** A log that is behind it refuses. */
  readonly known: LogMark;
}

/** Keys and arguments of scripts/append.lua. */
export const encodeAppends = (
  appends: readonly PreparedAppend[],
  keys: Keys,
  { channel, feedLength, known }: Terms,
): { keys: string[]; args: (string | number)[] } => {
  const named = [keys.meta, keys.all, keys.feed, keys.catalogue];
  const indexes = new Map<StreamName, number>();
  const indexOf = (stream: StreamName): number => {
    const known = indexes.get(stream);
    if (known !== undefined) return known;
    const index = indexes.size;
    indexes.set(stream, index);
    named.push(keys.log(stream), keys.head(stream));
    return index;
  };
  const events: string[] = [];
  const plan: (string | number)[] = [];
  for (const { writes } of appends) {
    plan.push(writes.length);
    for (const write of writes) {
      plan.push(indexOf(write.stream), ...guardOf(write), write.events.length);
      for (const event of write.events) events.push(event.header, event.data, event.envelope);
    }
  }
  const { incarnation, position } = known;
  const wanted = JSON.stringify([[...indexes.keys()], plan]);
  return { keys: named, args: [feedLength, channel, incarnation, position, wanted, ...events] };
};

const guardOf = ({ guard, raiseEpoch }: PreparedWrite): [kind: string, a: number, b: number] =>
  guard.kind === 'exact' ? [raiseEpoch ? 'r' : 'x', guard.version, 0] : ['e', guard.epoch, guard.seq];
