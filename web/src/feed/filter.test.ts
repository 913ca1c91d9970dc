import { describe, expect, it } from '@jest/globals';
import { array, assert, boolean, constant, integer, oneof, property } from 'fast-check';
import type { FeedLine } from '../live/feed.js';
import { lineAt } from '../live/line.fixture.js';
import { LineRing } from '../live/line-ring.js';
import { FilteredLines, NO_FILTER, passes, type FeedFilter } from './filter.js';

const filter = (given: Partial<FeedFilter>): FeedFilter => ({ ...NO_FILTER, ...given });
const line = lineAt(1, { agentId: 'links-1', sprintId: 's-1', taskId: 't-1', text: 'Wrote Docs/Index.md' });

describe('a filter of the feed', () => {
  it.each([
    ['nothing', {}, true],
    ['its kind', { kinds: new Set(['action']) }, true],
    ['another kind', { kinds: new Set(['sprint']) }, false],
    ['its agent', { agent: 'links-1' }, true],
    ['another agent', { agent: 'links-2' }, false],
    ['another sprint', { sprint: 's-2' }, false],
    ['words of it, in any case', { text: 'docs/INDEX' }, true],
    ['its task', { text: 't-1' }, true],
    ['other words', { text: 'readme' }, false],
  ])('that asks for %s', (_, given: Partial<FeedFilter>, shown) => {
    expect(passes(filter(given), line)).toBe(shown);
  });

  it('shows what filtering anew would show, however the lines came', () => {
    const deed = oneof(
      { weight: 4, arbitrary: boolean().map((wanted) => ({ push: wanted })) },
      { weight: 1, arbitrary: array(boolean(), { maxLength: 5 }).map((older) => ({ older })) },
      { weight: 1, arbitrary: constant({ look: true }) },
      { weight: 1, arbitrary: constant({ clear: true }) },
    );
    assert(
      property(integer({ min: 1, max: 9 }), array(deed, { maxLength: 60 }), (capacity, deeds) => {
        const ring = new LineRing<FeedLine>(capacity);
        const shown = new FilteredLines(ring, filter({ agent: 'a' }));
        let position = 1000;
        let oldest = 1000;
        const made = (at: number, wanted: boolean) => lineAt(at, { agentId: wanted ? 'a' : 'b' });
        for (const each of deeds) {
          if ('push' in each) ring.push(made(++position, each.push));
          else if ('older' in each) ring.unshift(each.older.map((wanted) => made(--oldest, wanted)).toReversed());
          else if ('clear' in each) ring.clear();
          else shown.update();
        }
        shown.update();
        const all = Array.from({ length: ring.size }, (_, index) => ring.first + index);
        const wanted = all.filter((number) => ring.at(number)?.agentId === 'a');
        expect(Array.from({ length: shown.size }, (_, index) => shown.numberAt(index))).toEqual(wanted);
        for (const number of all) expect(shown.indexOf(number)).toBe(wanted.indexOf(number));
      }),
      { numRuns: 500 },
    );
  });
});
