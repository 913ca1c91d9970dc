import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { Position } from '#contracts';
import { EventClient, type Backlog, type Missed } from './event-client.js';
import type { Filter } from './filter.js';

const FILTER: Filter = { sprints: [], agents: [], types: [] };
const SEED = process.env['HYPER_RUN_SEED'] === undefined ? {} : { seed: Number(process.env['HYPER_RUN_SEED']) };
const range = (from: number, to: number) =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);

/** Of a pass: how many events it tells, how many more are in the log already, and whether its client is slow just then. */
const pass = fc.record({ size: fc.integer({ min: 1, max: 4 }), ahead: fc.nat(3), isSlow: fc.boolean() });

const share = (positions: readonly number[]) => ({
  bytes: Buffer.from(positions.map((position) => `${position} `).join('')),
  told: positions.at(-1) as Position | undefined,
  events: positions.length,
});

describe('a client that goes from history to live and back', () => {
  it('is told every event once, in order, however its reads, the passes and its slowness take turns', () =>
    fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(pass, { minLength: 1, maxLength: 10 }),
        fc.nat(10),
        fc.integer({ min: 1, max: 3 }),
        fc.boolean(),
        async (scheduler, passes, start, page, hasMemory) => {
          const total = passes.reduce((sum, { size }) => sum + size, 0);
          let newest = 0;
          let top = 0;
          const read = scheduler.scheduleFunction(async (after: Position): Promise<Missed | undefined> => {
            const positions = range(after + 1, Math.min(top, after + page));
            const upTo = positions.at(-1);
            return upTo === undefined ? undefined : { ...share(positions), upTo: upTo as Position };
          });
          const backlog: Backlog = {
            get newest() {
              return newest as Position;
            },
            missed: (after) => {
              if (!hasMemory || newest - after > 4) return read(after);
              const positions = range(after + 1, Math.min(newest, after + page));
              return { ...share(positions), upTo: (positions.at(-1) ?? after) as Position };
            },
            cursorOf: (position) => `c${position}`,
          };
          const wire = {
            isReady: true,
            isOver: false,
            text: '',
            write: (bytes: Buffer | string) => void (wire.text += bytes.toString()),
          };
          const after = Math.min(start, total) as Position;
          const client = new EventClient(wire, FILTER, backlog, after, (error) => {
            throw error;
          });
          const joined = { label: 'join', builder: async () => client.catchUp() };
          const steps = passes.flatMap(({ size, ahead, isSlow }, index) => [
            {
              label: `pass ${index}`,
              builder: async () => {
                wire.isReady = !isSlow;
                const from = newest + 1;
                newest += size;
                top = Math.max(top, Math.min(total, newest + ahead));
                client.offer(share(range(from, newest)), newest as Position);
              },
            },
            {
              label: `drain ${index}`,
              builder: async () => {
                wire.isReady = true;
                client.catchUp();
              },
            },
          ]);
          scheduler.scheduleSequence(steps);
          scheduler.scheduleSequence([joined]);
          await scheduler.waitAll();
          const told = wire.text
            .split(' ')
            .filter((word) => word !== '')
            .map(Number);
          expect(told.filter((position) => position > after)).toEqual(told);
          expect(told).toEqual(range(after + 1, total));
        },
      ),
      { numRuns: 300, ...SEED },
    ));
});
