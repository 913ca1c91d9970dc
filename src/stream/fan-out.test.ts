import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { FanOut, windowAfter } from './fan-out.js';

describe('the window between two passes', () => {
  it.each([
    [0, 0],
    [1.9, 0],
    [2, 5],
    [4, 5],
    [12, 12],
    [40, 25],
  ])('is, after a pass of %d ms, %d ms', (pass, window) => expect(windowAfter(pass)).toBe(window));
});

describe('passes', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  /** Passes that take so long each; the times at which they began. */
  const passesOf = (ms: number, leastMs?: number) => {
    const began: number[] = [];
    const fanOut = new FanOut(() => {
      began.push(performance.now());
      jest.advanceTimersByTime(ms);
    }, leastMs);
    return { fanOut, began };
  };

  it('come at once as long as they are cheap', () => {
    const { fanOut, began } = passesOf(1);
    for (let asked = 0; asked < 3; asked++) fanOut.ask();
    expect(began).toHaveLength(3);
  });

  it('come at once after a while of quiet, however dear they are', () => {
    const { fanOut, began } = passesOf(10);
    fanOut.ask();
    jest.advanceTimersByTime(10);
    fanOut.ask();
    expect(began).toHaveLength(2);
  });

  it('are put off until the window is over, and gathered into one', () => {
    const { fanOut, began } = passesOf(10);
    fanOut.ask();
    for (let asked = 0; asked < 5; asked++) fanOut.ask();
    jest.advanceTimersByTime(9);
    expect(began).toHaveLength(1);
    jest.advanceTimersByTime(1);
    expect(began).toHaveLength(2);
    expect(began[1]).toBe((began[0] ?? 0) + 20);
  });

  it('are gathered for longer where that is asked for', () => {
    const { fanOut, began } = passesOf(0, 50);
    fanOut.ask();
    fanOut.ask();
    jest.advanceTimersByTime(49);
    expect(began).toHaveLength(1);
    jest.advanceTimersByTime(1);
    expect(began).toHaveLength(2);
  });

  it('come no more when they were stopped', () => {
    const { fanOut, began } = passesOf(10);
    fanOut.ask();
    fanOut.ask();
    fanOut.stop();
    jest.advanceTimersByTime(1000);
    expect(began).toHaveLength(1);
  });
});
