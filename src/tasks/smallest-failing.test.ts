import { describe, expect, it } from '@jest/globals';
import { smallestFailing } from './smallest-failing.js';

/** Fails as soon as all culprits are among those tried; counts the trials. */
const search = async (count: number, culprits: readonly number[], limit = 100) => {
  let trials = 0;
  const fails = async (some: readonly number[]) => {
    trials += 1;
    return culprits.every((one) => some.includes(one));
  };
  const all = Array.from({ length: count }, (_, index) => index);
  return { ...(await smallestFailing(all, fails, limit)), trials };
};

describe('the search for what fails only together', () => {
  it.each([
    [2, [0, 1]],
    [3, [0, 2]],
    [3, [0, 1, 2]],
    [7, [2, 5]],
    [20, [0, 19]],
    [50, [11, 12, 40]],
  ])('among %i finds %j, and nobody besides', async (count, culprits) => {
    const { items, smallest } = await search(count, culprits);
    expect([items, smallest]).toEqual([culprits, true]);
  });

  it('finds the one that fails alone', async () => expect((await search(5, [3])).items).toEqual([3]));

  it('tries nothing where there is only one', async () =>
    expect(await search(1, [0])).toEqual({ items: [0], smallest: true, trials: 0 }));

  it('needs few trials among few, and not one for each among many', async () => {
    expect((await search(3, [0, 2])).trials).toBe(3);
    expect((await search(50, [7])).trials).toBeLessThan(20);
  });

  it('ends after as many trials as it is given, with all that are still suspected', async () => {
    const { items, smallest, trials } = await search(50, [11, 12, 40], 6);
    expect([smallest, trials]).toEqual([false, 6]);
    expect(items).toEqual(expect.arrayContaining([11, 12, 40]));
    expect(items.length).toBeLessThan(50);
  });
});
