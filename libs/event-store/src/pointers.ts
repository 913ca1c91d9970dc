import type { StreamName, Version } from '#contracts';
import { corrupt } from './errors.js';

/** One entry of a Redis stream: its id and its fields, name and value in turn. */
export type Entry<T = string> = [id: T, fields: T[]];

/** The number in an id `<number>-0`. */
export const numberOf = (id: { toString(): string }): number => {
  const text = id.toString();
  return text.endsWith('-0') ? Number(text.slice(0, -2)) : Number.NaN;
};

/** What stands at a position. */
export interface Pointer {
  readonly stream: StreamName;
  readonly version: Version;
}

/** What stands at the positions after `after`, from entries of `all`. @throws HyperRunError `log.corrupt` at a gap */
export const pointersOf = (entries: readonly Entry[], after: number): Pointer[] => {
  const pointers: Pointer[] = [];
  for (const [id, [, streams = '', , versions = '']] of entries) {
    const run = runOf(streams, versions);
    const begin = numberOf(id) - run.length;
    const next = after + pointers.length;
    if (!(begin <= next)) throw corrupt('all', next + 1, 'it is missing.');
    pointers.push(...run.slice(next - begin));
  }
  return pointers;
};

/** The pointers of one entry of `all`, as scripts/append.lua writes them: names and versions, `n` or `n-m`. */
const runOf = (streams: string, versions: string): Pointer[] => {
  const names = streams.split(' ') as StreamName[];
  return versions.split(' ').flatMap((version, index) => {
    const [from = 0, to = from] = version.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, n) => ({
      stream: names[index] ?? ('' as StreamName),
      version: (from + n) as Version,
    }));
  });
};
