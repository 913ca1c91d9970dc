import { describe, expect, it } from '@jest/globals';
import { runsOf, type Entry } from './pointers.js';

const entry = (id: string, streams: string, versions: string): Entry => [id, ['s', streams, 'v', versions]];
const LOG = [entry('3-0', 'task-1 task-2', '1-2 7'), entry('7-0', 'task-2', '8-11'), entry('8-0', 'task-1', '3')];

describe('the order of all events', () => {
  it('is told as runs of versions', () =>
    expect(runsOf(LOG, 0, 100)).toEqual([
      { stream: 'task-1', from: 1, to: 2 },
      { stream: 'task-2', from: 7, to: 7 },
      { stream: 'task-2', from: 8, to: 11 },
      { stream: 'task-1', from: 3, to: 3 },
    ]));

  it('begins and ends in the middle of what was written at once', () => {
    expect(runsOf(LOG, 1, 1)).toEqual([{ stream: 'task-1', from: 2, to: 2 }]);
    expect(runsOf(LOG, 4, 2)).toEqual([{ stream: 'task-2', from: 9, to: 10 }]);
  });

  it.each([
    ['of an entry that is missing', LOG.toSpliced(1, 1), /4/],
    ['after which the first entry begins', LOG.slice(1), /1/],
    ['of an entry whose versions cannot be read', [entry('2-0', 'task-1', '1-x')], /1/],
    ['of an entry with another id', [entry('3-1', 'task-1', '1-3')], /1/],
  ])('names the position %s', (_, entries, position) =>
    expect(() => runsOf(entries, 0, 100)).toThrow(
      expect.objectContaining({ code: 'log.corrupt', message: expect.stringMatching(position) }),
    ),
  );

  it('does not look beyond what was asked for', () =>
    expect(runsOf(LOG.toSpliced(1, 1), 0, 3)).toEqual(runsOf(LOG, 0, 3)));
});
