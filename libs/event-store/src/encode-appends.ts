import type { StreamName } from '#contracts';
import type { Keys } from './keys.js';
import type { PreparedAppend, PreparedWrite } from './prepare.js';

/** Keys and arguments of scripts/append.lua. */
export const encodeAppends = (
  appends: readonly PreparedAppend[],
  keys: Keys,
  channel: string,
  feedLength: number,
): { keys: string[]; args: (string | number)[] } => {
  const named = [keys.meta, keys.all, keys.feed, keys.catalogue];
  const args: (string | number)[] = [feedLength, channel, appends.length];
  const indexes = new Map<StreamName, number>();
  const indexOf = (stream: StreamName): number => {
    const known = indexes.get(stream);
    if (known !== undefined) return known;
    const index = indexes.size;
    indexes.set(stream, index);
    named.push(keys.log(stream), keys.head(stream));
    return index;
  };
  for (const { writes } of appends) {
    args.push(writes.length);
    for (const write of writes) {
      args.push(indexOf(write.stream), write.stream, ...guardOf(write), write.events.length);
      for (const event of write.events) args.push(event.header, event.data, event.envelope);
    }
  }
  return { keys: named, args };
};

const guardOf = ({ guard, raiseEpoch }: PreparedWrite): [kind: string, a: number, b: number] =>
  guard.kind === 'exact' ? [raiseEpoch ? 'r' : 'x', guard.version, 0] : ['e', guard.epoch, guard.seq];
