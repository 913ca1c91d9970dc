import type { StreamName } from '#contracts';
import { corrupt } from './errors.js';

/** One entry of a Redis stream: its id and its fields, name and value in turn. */
export type Entry<T = string> = [id: T, fields: T[]];

type Id = { toString(): string };

/** Whether an id is `<number>-0`, as all are that the log gives. */
export const isWhole = (id: Id): boolean => id.toString().endsWith('-0');

/** The number in an id `<number>-0`. */
export const numberOf = (id: Id): number => (isWhole(id) ? Number(id.toString().slice(0, -2)) : Number.NaN);

/** Versions of a stream that follow each other in the order of all events, too. */
export interface Run {
  readonly stream: StreamName;
  readonly from: number;
  readonly to: number;
}

/** What stands at the positions after `after`, at most `limit` events, from entries of `all`. @throws HyperRunError `log.corrupt` at a gap */
export const runsOf = (entries: readonly Entry[], after: number, limit: number): Run[] => {
  const runs: Run[] = [];
  let known = after;
  for (const [id, [, streams = '', , versions = '']] of entries) {
    const written = writtenAt(streams, versions);
    let place = numberOf(id) - written.reduce((sum, { from, to }) => sum + to - from + 1, 0);
    if (!(place <= known)) throw corrupt('all', known + 1, 'it is missing.');
    for (const { stream, from, to } of written) {
      const first = from + Math.max(0, known - place);
      const last = Math.min(to, first + after + limit - known - 1);
      place += to - from + 1;
      if (first > last) continue;
      runs.push({ stream, from: first, to: last });
      known += last - first + 1;
    }
    if (known === after + limit) break;
  }
  return runs;
};

/** What one entry of `all` tells, as scripts/append.lua writes it: names and versions, `n` or `n-m`. */
const writtenAt = (streams: string, versions: string): Run[] => {
  const names = streams.split(' ') as StreamName[];
  return versions.split(' ').map((version, index) => {
    const [from = 0, to = from] = version.split('-').map(Number);
    return { stream: names[index] ?? ('' as StreamName), from, to };
  });
};
