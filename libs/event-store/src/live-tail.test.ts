import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { Position, StreamName, Version } from '#contracts';
import { LiveEntry } from './feed-entry.js';
import type { FeedEntry } from './event-store.js';
import { follow, LiveTail } from './live-tail.js';

const entry = (position: number): FeedEntry =>
  new LiveEntry(position as Position, 'task-1' as StreamName, position as Version, '{}');
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

const SEED = process.env['HYPER_RUN_SEED'] === undefined ? {} : { seed: Number(process.env['HYPER_RUN_SEED']) };

/** Batches in which events are written; before which of them the tail loses what it holds, as a feed trimmed past it does. */
const history = fc.array(fc.record({ size: fc.integer({ min: 1, max: 5 }), isMissed: fc.boolean() }), {
  minLength: 1,
  maxLength: 8,
});

describe('whoever follows the log, from history to what is live', () => {
  it('is told every event once, in order, however reads, writes and the tail take turns', () =>
    fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        history,
        fc.array(fc.nat(20), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 4 }),
        async (scheduler, batches, starts, page) => {
          const total = batches.reduce((sum, { size }) => sum + size, 0);
          const tail = new LiveTail(0 as Position);
          let written = 0;
          const readAll = scheduler.scheduleFunction(async (after: Position) =>
            range(after + 1, Math.min(written, after + page)).map(entry),
          );
          // An event is in the log before the tail hears of it; what it missed it never hears of.
          const writes = batches.flatMap(({ size, isMissed }, index) => [
            { label: `write ${index}`, builder: async () => void (written += size) },
            {
              label: `tail ${index}`,
              builder: async () => {
                const upTo = batches.slice(0, index + 1).reduce((sum, batch) => sum + batch.size, 0);
                if (!isMissed || index === batches.length - 1) tail.push(range(upTo - size + 1, upTo).map(entry));
              },
            },
          ]);
          scheduler.scheduleSequence(writes);
          const told = starts.map(async (start) => {
            const after = Math.min(start, total) as Position;
            const stop = new AbortController();
            const positions: number[] = [];
            if (after === total) return;
            for await (const entries of follow(tail, readAll, after, stop.signal)) {
              positions.push(...entries.map(({ position }) => position));
              if (positions.at(-1) === total) stop.abort();
            }
            expect(positions).toEqual(range(after + 1, total));
          });
          await scheduler.waitFor(Promise.all(told));
        },
      ),
      { numRuns: 300, ...SEED },
    ));
});
