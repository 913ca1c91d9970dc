import { describe, expect, it } from '@jest/globals';
import { bestReading, percentile, readClock } from './clock.js';

const at = (serverTime: number, offsetMs = 0, uncertaintyMs = 0) => ({
  serverTime: new Date(serverTime).toISOString(),
  redisClock: { offsetMs, uncertaintyMs },
});

describe('the clock of the log', () => {
  it('is read through two clocks, and is as uncertain as both together', () => {
    expect(readClock(1000, at(1509, 20, 2), 1020)).toEqual({ offset: 519.5, uncertainty: 12.5 });
  });

  it('lies within the bound, wherever on the way the service looked at its own', () => {
    const truth = 250;
    for (const looked of [1000, 1005, 1013, 1020]) {
      const { offset, uncertainty } = readClock(1000, at(Math.floor(looked + truth)), 1020);
      expect(Math.abs(offset - truth)).toBeLessThanOrEqual(uncertainty);
    }
  });

  it('is that of the quickest answer', () => {
    expect(bestReading([readClock(0, at(5), 40), readClock(50, at(60), 54)])?.uncertainty).toBe(2.5);
    expect(bestReading([])).toBeUndefined();
  });

  it('gives percentiles by nearest rank', () => {
    expect(percentile([5, 1, 9], 0.5)).toBe(5);
    expect(percentile([5, 1, 9], 0.99)).toBe(9);
    expect(percentile([], 0.5)).toBeUndefined();
  });
});
