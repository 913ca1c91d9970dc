import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { workClock } from './work-clock.js';

describe('the clock of a budget', () => {
  let running: boolean;
  let changed: () => void;
  const forget = jest.fn();
  const clock = (until = new AbortController().signal) =>
    workClock({
      ms: 1000,
      runs: () => running,
      onChange: (listener) => {
        changed = listener;
        return forget;
      },
      until,
    });
  const turn = (on: boolean) => {
    running = on;
    changed();
  };

  beforeEach(() => {
    jest.useFakeTimers();
    running = true;
    forget.mockClear();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('ends the work when its time is used up, and not before', () => {
    const over = clock();
    jest.advanceTimersByTime(999);
    expect(over.aborted).toBe(false);
    jest.advanceTimersByTime(1);
    expect(over.aborted).toBe(true);
  });

  it('stands still during a pause, however long', () => {
    const over = clock();
    jest.advanceTimersByTime(600);
    turn(false);
    jest.advanceTimersByTime(3_600_000);
    turn(true);
    jest.advanceTimersByTime(399);
    expect(over.aborted).toBe(false);
    jest.advanceTimersByTime(1);
    expect(over.aborted).toBe(true);
  });

  it('is put away with the attempt', () => {
    const attempt = new AbortController();
    const over = clock(attempt.signal);
    attempt.abort();
    jest.advanceTimersByTime(5000);
    expect(over.aborted).toBe(false);
    expect(forget).toHaveBeenCalledTimes(1);
  });
});
