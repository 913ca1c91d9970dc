import { afterAll, describe, expect, it } from '@jest/globals';
import { envelopeAt } from './envelope.fixture.js';
import { Feed } from './feed.js';

describe('the feed, read back', () => {
  const { fetch } = globalThis;
  afterAll(() => {
    globalThis.fetch = fetch;
  });

  it('goes on after what was let go of, and says how much that was', async () => {
    const gone = { sprintId: 's-0', digest: 'a'.repeat(64), events: 40 };
    const pages = [
      { items: [envelopeAt(90)], next: 'a.90', previous: 'a.90', leftOut: [gone] },
      { items: [envelopeAt(2)], next: 'a.89', leftOut: [{ ...gone, events: 2 }] },
    ];
    globalThis.fetch = () => Promise.resolve(new Response(JSON.stringify(pages.shift())));
    const feed = new Feed();
    await feed.loadOlder();
    expect([feed.ring.size, feed.leftOut, feed.atBeginning]).toEqual([1, 40, false]);
    await feed.loadOlder();
    expect([feed.ring.size, feed.leftOut, feed.atBeginning]).toEqual([2, 42, true]);
    feed.breakOff();
    expect(feed.leftOut).toBe(0);
  });

  it('takes nothing of what was asked for before it was broken off, and reads anew at once', async () => {
    const asked: ((answer: Response) => void)[] = [];
    globalThis.fetch = () => new Promise((resolve) => asked.push(resolve));
    const answer = (position: number) => new Response(JSON.stringify({ items: [envelopeAt(position)] }));
    const feed = new Feed();
    const before = feed.loadOlder();
    feed.breakOff();
    const after = feed.loadOlder();
    asked[0]?.(answer(1));
    await before;
    expect([feed.ring.size, feed.atBeginning]).toEqual([0, false]);
    expect(feed.loadOlder()).toBe(after);
    asked[1]?.(answer(2));
    await after;
    expect(feed.ring.at(feed.ring.first)?.position).toBe(2);
  });
});
