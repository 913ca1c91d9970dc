import { describe, expect, it } from '@jest/globals';
import type { Position } from '#contracts';
import { FrameRing } from './frame-ring.js';

const ringOf = (frames: number, bytes: number, after = 0) => new FrameRing({ frames, bytes }, after as Position);
const fill = (ring: FrameRing, from: number, to: number, size = 10) => {
  for (let position = from; position <= to; position++)
    ring.push({ position: position as Position, type: 'sprint.resumed', bytes: Buffer.alloc(size) });
};
const after = (ring: FrameRing, position: number, frames = 100, bytes = 1000) =>
  ring.after(position as Position, { frames, bytes })?.map((frame) => frame.position);

describe('the memory of the newest frames', () => {
  it('gives what comes after a position, in pages bounded by number and by bytes', () => {
    const ring = ringOf(100, 10_000, 7);
    fill(ring, 8, 20);
    expect(after(ring, 17)).toEqual([18, 19, 20]);
    expect(after(ring, 7, 2)).toEqual([8, 9]);
    expect(after(ring, 7, 100, 35)).toEqual([8, 9, 10]);
    expect(after(ring, 20)).toEqual([]);
  });

  it('gives at least one frame, however large', () => {
    const ring = ringOf(100, 10_000);
    fill(ring, 1, 2, 500);
    expect(after(ring, 0, 100, 100)).toEqual([1]);
  });

  it('forgets the oldest when it holds too many, and says so', () => {
    const ring = ringOf(5, 10_000);
    fill(ring, 1, 12);
    expect(after(ring, 7)).toEqual([8, 9, 10, 11, 12]);
    expect(after(ring, 6)).toBeUndefined();
    expect(ring.held).toEqual({ frames: 5, bytes: 50 });
  });

  it('forgets the oldest when it holds too many bytes, but never the newest', () => {
    const ring = ringOf(100, 100);
    fill(ring, 1, 12);
    expect(ring.held).toEqual({ frames: 10, bytes: 100 });
    expect([after(ring, 2), after(ring, 1)]).toEqual([[3, 4, 5, 6, 7, 8, 9, 10, 11, 12], undefined]);
    fill(ring, 13, 13, 5000);
    expect([after(ring, 12), after(ring, 11), ring.held]).toEqual([[13], undefined, { frames: 1, bytes: 5000 }]);
    fill(ring, 14, 14);
    expect([after(ring, 13), ring.held]).toEqual([[14], { frames: 1, bytes: 10 }]);
  });
});
