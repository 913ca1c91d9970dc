import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { LogTime } from './log-time.js';

describe('a time of the log', () => {
  let redis = 0;
  let reached = 0;
  let asked = 0;
  let down = false;
  const time = () =>
    new LogTime({
      now: () => {
        asked += 1;
        return down ? Promise.reject(new Error('away')) : Promise.resolve(redis);
      },
      onReached: () => void (reached += 1),
    });

  beforeEach(() => {
    jest.useFakeTimers();
    [redis, reached, asked, down] = [1000, 0, 0, false];
  });
  afterEach(() => void jest.useRealTimers());

  it('has come when the clock of Redis says so, whatever the clock here does', async () => {
    const log = time();
    expect(log.has(5000)).toBe(false);
    await jest.advanceTimersByTimeAsync(0);
    jest.setSystemTime(Date.now() + 3_600_000);
    redis = 3000; // it went more slowly than the timer
    await jest.advanceTimersByTimeAsync(4000);
    expect([reached, log.has(5000)]).toEqual([0, false]);
    redis = 5000;
    await jest.advanceTimersByTimeAsync(2000);
    expect([reached, log.has(5000), log.has(5001)]).toEqual([1, true, false]);
    log.stop();
  });
  it('is waited for without asking all the time, the nearest one first', async () => {
    const log = time();
    log.has(20_000);
    log.has(30_000);
    log.has(10_000);
    await jest.advanceTimersByTimeAsync(0);
    expect(asked).toBe(1);
    redis = 10_000;
    await jest.advanceTimersByTimeAsync(9000);
    expect([asked, reached, log.has(10_000)]).toEqual([2, 1, true]);
    log.stop();
  });
  it('is waited for while Redis is away', async () => {
    const log = time();
    down = true;
    log.has(2000);
    await jest.advanceTimersByTimeAsync(3500);
    [down, redis] = [false, 4500];
    await jest.advanceTimersByTimeAsync(1000);
    expect(reached).toBe(1);
    log.stop();
  });
});
