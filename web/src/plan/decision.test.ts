import { describe, expect, it } from '@jest/globals';
import { plan } from '../../../libs/domain/src/plan.fixture.js';
import { declinedText, executeText, hindrance, overtaken, timeLeft, type Standing } from './decision.js';

describe('the button that runs a plan', () => {
  it('says how many of how many tasks it runs, where, and on what', () => {
    expect(executeText(plan, 1)).toBe('Run 1 of 2 tasks on r at base aaaaaaa');
    expect(executeText(plan, 2)).toBe('Run all 2 tasks on r at base aaaaaaa');
    expect(executeText({ ...plan, tasks: plan.tasks.slice(1) }, 1)).toBe('Run the task on r at base aaaaaaa');
  });
  it('says what becomes of the others', () => {
    expect(declinedText(3, 3)).toBeUndefined();
    expect(declinedText(3, 2)).toBe('The other one is declined.');
    expect(declinedText(3, 1)).toBe('The other 2 are declined.');
  });
});

describe('a decision', () => {
  const open: Standing = { chosen: 1, changed: false, editing: false, left: '1 h' };
  it('can be made', () => expect(hindrance(open)).toBeUndefined());
  it.each<[Partial<Standing>, RegExp]>([
    [{ changed: true }, /changed elsewhere/],
    [{ left: undefined }, /expired/],
    [{ editing: true }, /edit/],
    [{ busyWith: 's-2' }, /Another sprint/],
    [{ chosen: 0 }, /No task/],
  ])('cannot be made while %j', (change, why) => expect(hindrance({ ...open, ...change })).toMatch(why));
});

describe('the time to decide', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  it('is told in minutes, at the end in seconds', () => {
    expect(timeLeft('2026-01-02T00:00:59Z', now)).toBe('24 h 0 min');
    expect(timeLeft('2026-01-01T00:00:12Z', now)).toBe('12 s');
  });
  it('is over at the moment it names', () => expect(timeLeft('2026-01-01T00:00:00Z', now)).toBeUndefined());
});

describe('a repository that has gone on', () => {
  it('overtakes the tasks of which a file has changed', () => {
    const head = { commit: 'b'.repeat(40), moved: true, changed: ['docs/t-2.md'] };
    expect([...overtaken({ ...plan, head })]).toEqual(['t-2']);
    expect(overtaken(plan).size).toBe(0);
  });
});
