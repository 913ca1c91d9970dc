import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { HyperRunError } from '#contracts';
import { InMemoryEventStore, type EventStore } from '#event-store';
import { checkHistory } from './history.js';
import { randomOf } from './seed.js';
import { newMoments, startFollower, Writer } from './writers.js';

const WRITERS = 3;
const APPENDS_EACH = 5;
const SEED = process.env['HYPER_RUN_SEED'] === undefined ? {} : { seed: Number(process.env['HYPER_RUN_SEED']) };

const noAnswer = (commandId: string) =>
  new HyperRunError('log.outcome-unknown', `No answer to ${commandId}.`, {}, 'same-command');

/** A store whose calls wait their turn, on the way there and on the way back, where answers to appends may be lost. */
const scheduled = (store: EventStore, scheduler: fc.Scheduler, isLost: () => boolean): EventStore => {
  const turn = scheduler.scheduleFunction(async (what: string) => what);
  const inTurn = async <T>(what: string, call: () => Promise<T>): Promise<T> => {
    await turn(`${what} on its way`);
    const answer = await call();
    await turn(`answer to ${what}`);
    return answer;
  };
  return Object.assign(Object.create(store) as EventStore, {
    append: (append: Parameters<EventStore['append']>[0]) =>
      inTurn(append.commandId, async () => {
        const answer = await store.append(append);
        if (isLost()) throw noAnswer(append.commandId);
        return answer;
      }),
    head: (stream: Parameters<EventStore['head']>[0]) => inTurn(`head of ${stream}`, () => store.head(stream)),
    readAll: (...args: Parameters<EventStore['readAll']>) => inTurn('page', () => store.readAll(...args)),
    subscribe: (...args: Parameters<EventStore['subscribe']>) => store.subscribe(...args),
  });
};

describe(`${WRITERS} writers and a follower, in every order in which their calls and answers may come`, () => {
  it('agree with the log afterwards, though answers are lost', () =>
    fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.nat(), async (scheduler, seed) => {
        const store = new InMemoryEventStore();
        const random = randomOf(seed);
        const service = scheduled(store, scheduler, () => random() < 0.2);
        const follower = startFollower(store);
        const moments = newMoments();
        const writers = Array.from(
          { length: WRITERS },
          (_, index) => new Writer(`w${index}`, service, randomOf(seed + index + 1), moments),
        );
        const write = async (writer: Writer) => {
          for (let made = 0; made < APPENDS_EACH; made++) await writer.writeOnce();
        };
        await scheduler.waitFor(Promise.all(writers.map(write)));
        await follower.reach(await store.top());
        const history = { issued: writers.flatMap(({ issued }) => issued), followed: [follower.followed] };
        expect(await checkHistory(store, history)).toEqual([]);
      }),
      { numRuns: 60, ...SEED },
    ));
});
