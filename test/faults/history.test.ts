import { describe, expect, it } from '@jest/globals';
import type { StreamName } from '#contracts';
import { InMemoryEventStore, type Appended } from '#event-store';
import { append, exact, write } from '../../libs/event-store/test/appends.js';
import { checkHistory, type History, type Issued } from './history.js';
import { randomOf } from './seed.js';
import { newMoments, startFollower, Writer } from './writers.js';

type Tampering = (history: { issued: Issued[]; followed: History['followed'] }, store: InMemoryEventStore) => unknown;

/** What four writers did to a log in memory, perhaps told otherwise than it was. */
const problemsAfter = async (tamper: Tampering = () => undefined): Promise<string[]> => {
  const store = new InMemoryEventStore();
  const follower = startFollower(store);
  const moments = newMoments();
  const writers = [1, 2, 3, 4].map((seed) => new Writer(`w${seed}`, store, randomOf(seed), moments));
  for (let round = 0; round < 10; round++) await Promise.all(writers.map((writer) => writer.writeOnce()));
  await follower.reach(await store.top());
  const history = { issued: writers.flatMap(({ issued }) => issued), followed: [follower.followed] };
  await tamper(history, store);
  return checkHistory(store, history);
};

const done = ({ issued }: { readonly issued: readonly Issued[] }): Issued => {
  const one = issued.findLast(({ answers }) => answers.length > 0);
  if (one === undefined) throw new Error('Nothing was acknowledged.');
  return one;
};

const TAMPERINGS: readonly (readonly [string, Tampering, RegExp])[] = [
  [
    'what was acknowledged and is not there',
    ({ issued }) => {
      const lost = append([write('task-w1-exact' as StreamName, exact(0), 'lost')], 'lost');
      const { position, cursor } = done({ issued }).answers[0] as Appended;
      issued.push({ ...done({ issued }), append: lost, answers: [{ position, cursor, heads: [] }] });
    },
    /lost was done at .*, where it does not stand/,
  ],
  [
    'two answers to one command',
    (history) => void done(history).answers.push({ ...(done(history).answers[0] as Appended), cursor: 'x.1' }),
    /was answered .* and/,
  ],
  [
    'what nobody issued',
    async (_, store) => store.append(append([write('task-x' as StreamName, exact(0), 'x')], 'stranger')),
    /stranger stands in the log/,
  ],
  [
    'a refusal of what stands there',
    (history) => {
      const one = done(history);
      one.answers.length = 0;
      one.refused = { code: 'log.version-conflict', stream: 'task-shared-0' };
    },
    /was refused .* and stands in the log/,
  ],
  [
    'a conflict where nobody else writes',
    ({ issued }) =>
      void issued.push({
        ...done({ issued }),
        append: append([], 'alone'),
        alone: ['task-w1-exact' as StreamName],
        answers: [],
        refused: { code: 'log.version-conflict', stream: 'task-w1-exact' },
      }),
    /though nobody else wrote/,
  ],
  [
    'an append without an answer',
    ({ issued }) => void issued.push({ ...done({ issued }), append: append([], 'silent'), answers: [] }),
    /silent was never answered/,
  ],
  [
    'an order against that of the writers',
    ({ issued }) => {
      const [first] = issued;
      if (first !== undefined) issued[0] = { ...first, issued: Number.MAX_SAFE_INTEGER };
    },
    /stands before what was acknowledged/,
  ],
  [
    'a follower that was told something twice',
    (history) => (history.followed = history.followed.map((told) => told.toSpliced(3, 0, ...told.slice(3, 4)))),
    /Follower 0/,
  ],
  [
    'a follower that missed the end',
    (history) => (history.followed = history.followed.map((told) => told.slice(0, -1))),
    /Follower 0/,
  ],
];

describe('the check of a history', () => {
  it('finds nothing in what a sound log did', async () => {
    expect(await problemsAfter()).toEqual([]);
  });

  it.each(TAMPERINGS)('finds %s', async (_, tamper, problem) => {
    expect(await problemsAfter(tamper)).toEqual(expect.arrayContaining([expect.stringMatching(problem)]));
  });
});
