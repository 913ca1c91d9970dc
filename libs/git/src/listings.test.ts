import { describe, expect, it } from '@jest/globals';
import type { Oid } from '#contracts';
import { Listings, ofListing } from './listings.js';

const listing = (files: number) =>
  Array.from({ length: files }, (_, n) => ({ path: `${n}`, mode: '100644', oid: '' as Oid, size: 0 }));

describe('listings that were finished', () => {
  it('are handed out again as they are', () => {
    const listings = new Listings(10);
    const files = listing(3);
    listings.keep('a', files);
    expect(listings.get('a')).toBe(files);
    expect(listings.get('b')).toBeUndefined();
  });

  it('stay within a number of entries: what was not used for longest goes first', () => {
    const listings = new Listings(10);
    for (const key of ['a', 'b', 'c']) listings.keep(key, listing(3));
    listings.get('a');
    listings.keep('d', listing(3));
    expect(['a', 'b', 'c', 'd'].map((key) => listings.get(key)?.length)).toEqual([3, undefined, 3, 3]);
  });

  it('count once when they are kept twice', () => {
    const listings = new Listings(10);
    for (let n = 0; n < 5; n++) listings.keep('a', listing(4));
    listings.keep('b', listing(6));
    expect([listings.get('a')?.length, listings.get('b')?.length]).toEqual([4, 6]);
  });

  it('are not kept when one alone is too large', () => {
    const listings = new Listings(10);
    listings.keep('small', listing(2));
    listings.keep('large', listing(11));
    expect([listings.get('small')?.length, listings.get('large')]).toEqual([2, undefined]);
  });
});

it('works out once what follows from a listing', () => {
  let times = 0;
  const paths = ofListing((files) => {
    times += 1;
    return files.map(({ path }) => path);
  });
  const [one, other] = [listing(2), listing(2)];
  expect([paths(one), paths(one), paths(other)]).toEqual([
    ['0', '1'],
    ['0', '1'],
    ['0', '1'],
  ]);
  expect(times).toBe(2);
});
