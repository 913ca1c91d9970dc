import { describe, expect, it } from '@jest/globals';
import { array, assert, integer, oneof, property, record, string } from 'fast-check';
import { LineRing } from './line-ring.js';

const content = (ring: LineRing<string>) =>
  Array.from({ length: ring.size }, (_, index) => ring.at(ring.first + index));

describe('the ring of lines', () => {
  it('keeps the newest', () => {
    const ring = new LineRing<string>(3);
    for (const line of ['a', 'b', 'c', 'd']) ring.push(line);
    expect(content(ring)).toEqual(['b', 'c', 'd']);
    expect(ring.at(0)).toBeUndefined();
    expect(ring.at(3)).toBe('d');
  });

  it('takes older lines before the oldest while there is room, the nearest first', () => {
    const ring = new LineRing<string>(4);
    ring.push('d');
    expect(ring.unshift(['a', 'b', 'c'])).toBe(3);
    expect(content(ring)).toEqual(['a', 'b', 'c', 'd']);
    expect(ring.unshift(['z'])).toBe(0);
  });

  it('never changes the number of a line', () => {
    const ring = new LineRing<string>(10);
    ring.push('b');
    const { first } = ring;
    ring.unshift(['a']);
    expect(ring.at(first)).toBe('b');
    expect(ring.at(first - 1)).toBe('a');
  });

  it('is a list with a bound, whatever is done to it', () => {
    const deeds = array(
      oneof(
        string().map((line) => ({ push: line })),
        record({ older: array(string(), { maxLength: 6 }) }),
      ),
    );
    assert(
      property(integer({ min: 1, max: 7 }), deeds, (capacity, list) => {
        const ring = new LineRing<string>(capacity);
        let model: string[] = [];
        for (const deed of list) {
          if ('push' in deed) {
            ring.push(deed.push);
            model = [...model, deed.push].slice(-capacity);
          } else {
            ring.unshift(deed.older);
            const room = capacity - model.length;
            model = [...(room === 0 ? [] : deed.older.slice(-room)), ...model];
          }
          expect(content(ring)).toEqual(model);
        }
      }),
    );
  });
});
