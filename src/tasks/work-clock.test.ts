import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { abortAfter, WorkClock } from './work-clock.js';

describe('the clock of a budget', () => {
  let running: boolean;
  let limit: number;
  let changed: () => void;
  const due = jest.fn();
  const forget = jest.fn();
  const clock = (until = new AbortController().signal) =>
    new WorkClock({
      runs: () => running,
      onChange: (listener) => {
        changed = listener;
        return forget;
      },
      left: (worked) => limit - worked,
      onDue: due,
      until,
    });
  const turn = (on: boolean) => {
    running = on;
    changed();
  };

  beforeEach(() => {
    jest.useFakeTimers();
    running = true;
    limit = 1000;
    due.mockClear();
    forget.mockClear();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('is due when its time is used up, and not before', () => {
    const { workedMs } = clock();
    expect(workedMs).toBe(0);
    jest.advanceTimersByTime(999);
    expect(due).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1);
    expect(due).toHaveBeenCalledTimes(1);
  });

  it('stands still during a pause, however long', () => {
    const one = clock();
    jest.advanceTimersByTime(600);
    turn(false);
    jest.advanceTimersByTime(3_600_000);
    expect(one.workedMs).toBe(600);
    turn(true);
    jest.advanceTimersByTime(399);
    expect(due).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1);
    expect(due).toHaveBeenCalledTimes(1);
  });

  it('goes on from where it was when more is granted', () => {
    const one = clock();
    jest.advanceTimersByTime(1000);
    turn(false);
    limit = 1500;
    turn(true);
    jest.advanceTimersByTime(499);
    expect([one.workedMs, due.mock.calls.length]).toEqual([1499, 1]);
    jest.advanceTimersByTime(1);
    expect(due).toHaveBeenCalledTimes(2);
  });

  it('takes a limit that is further away than a timer can be', () => {
    limit = 2 ** 31 + 1000;
    clock();
    jest.advanceTimersByTime(2 ** 31 + 999);
    expect(due).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1);
    expect(due).toHaveBeenCalledTimes(1);
  });

  it('aborts after so much work, and never after it was put away', () => {
    const begun = (until = new AbortController().signal) =>
      abortAfter(1000, { runs: () => running, onChange: (listener) => ((changed = listener), forget), until });
    const opened = new AbortController();
    const [late, inTime] = [begun(), begun(opened.signal)];
    opened.abort();
    jest.advanceTimersByTime(5000);
    expect([late.aborted, inTime.aborted]).toEqual([true, false]);
    const held = begun();
    jest.advanceTimersByTime(999);
    turn(false);
    jest.advanceTimersByTime(5000);
    turn(true);
    expect(held.aborted).toBe(false);
    jest.advanceTimersByTime(1);
    expect(held.aborted).toBe(true);
  });

  it('is put away with the attempt', () => {
    const attempt = new AbortController();
    clock(attempt.signal);
    attempt.abort();
    jest.advanceTimersByTime(5000);
    expect(due).not.toHaveBeenCalled();
    expect(forget).toHaveBeenCalledTimes(1);
  });
});
