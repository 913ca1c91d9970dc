import { describe, expect, it } from '@jest/globals';
import { inLanes } from './in-lanes.js';

/** Work that begins and ends where it is told to; what happened, in order. */
const workshop = () => {
  const told: string[] = [];
  const ends = new Map<string, (error?: Error) => void>();
  const take = (item: string) =>
    new Promise<void>((resolve, reject) => {
      told.push(`begins ${item}`);
      ends.set(item, (error) => (error === undefined ? resolve() : reject(error)));
    });
  const end = async (item: string, error?: Error) => {
    ends.get(item)?.(error);
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  };
  return { told, take, end };
};
const laneOf = (item: string) => item.charAt(0);

describe('items in lanes', () => {
  it('are taken in turn within a lane, and side by side in several', async () => {
    const { told, take, end } = workshop();
    const all = inLanes(['a1', 'a2', 'b1'], laneOf, 10, take);
    expect(told).toEqual(['begins a1', 'begins b1']);
    await end('a1');
    expect(told).toEqual(['begins a1', 'begins b1', 'begins a2']);
    await Promise.all([end('a2'), end('b1')]);
    await all;
  });

  it('are so many at once and no more', async () => {
    const { told, take, end } = workshop();
    const all = inLanes(['a1', 'b1', 'c1'], laneOf, 2, take);
    expect(told).toEqual(['begins a1', 'begins b1']);
    await end('b1');
    expect(told).toContain('begins c1');
    await Promise.all([end('a1'), end('c1')]);
    await all;
  });

  it('are not begun any more after one failed, and what is under way ends first', async () => {
    const { told, take, end } = workshop();
    let over = false;
    const all = inLanes(['a1', 'a2', 'b1', 'c1'], laneOf, 2, take).finally(() => (over = true));
    all.catch(() => undefined);
    await end('a1', new Error('No Redis.'));
    expect([told, over]).toEqual([['begins a1', 'begins b1'], false]);
    await end('b1');
    await expect(all).rejects.toThrow('No Redis.');
    expect(told).toEqual(['begins a1', 'begins b1']);
  });

  it('are fine when there are none', () => expect(inLanes([], laneOf, 2, () => Promise.reject(new Error('?')))).resolves.toBeUndefined()); // prettier-ignore
});
