import { describe, expect, it } from '@jest/globals';
import type { AgentId } from '#contracts';
import { Callers } from './callers.js';

const [mine, other] = ['mine-1', 'other-1'] as [AgentId, AgentId];
const LONG_MS = 60_000;

describe('remote agents that were heard of', () => {
  it('wait for a task until they have one, however often they have asked', async () => {
    const callers = new Callers();
    callers.heard(mine, 0);
    const waits = [callers.wait(mine, LONG_MS), callers.wait(mine, LONG_MS)];
    expect(callers.waiting()).toEqual([mine]);
    callers.wake(mine);
    await Promise.all(waits);
    expect(callers.waiting()).toEqual([]);
  });

  it('wait no more for what they asked long ago, where they ask without an end', async () => {
    const callers = new Callers();
    callers.heard(mine, 0);
    const over: number[] = [];
    const waits = Array.from({ length: 23 }, (_, index) => callers.wait(mine, LONG_MS).then(() => over.push(index)));
    await Promise.all(waits.slice(0, 3));
    expect(over).toEqual([0, 1, 2]);
    callers.wake(mine);
    await Promise.all(waits);
    expect(over).toHaveLength(23);
  });

  it('take another name ten times an hour at most', () => {
    const callers = new Callers();
    callers.heard(mine, 0);
    const taken = Array.from({ length: 12 }, (_, minute) => callers.takesName(mine, minute * 60_000));
    expect(taken).toEqual([...Array.from({ length: 10 }, () => true), false, false]);
    expect(callers.takesName(mine, 3_600_000)).toBe(true);
    expect(callers.takesName(mine, 3_600_000)).toBe(false);
  });

  it('wait no longer than they said', async () => {
    const callers = new Callers();
    callers.heard(mine, 0);
    await callers.wait(mine, 0);
    expect(callers.waiting()).toEqual([]);
  });

  it('are silent when they have said nothing for so long, and do not wait', async () => {
    const callers = new Callers();
    callers.heard(mine, 0);
    callers.heard(other, 0);
    const wait = callers.wait(other, LONG_MS);
    expect(callers.silentSince(10)).toEqual([mine]);
    callers.heard(mine, 20);
    expect(callers.silentSince(10)).toEqual([]);
    callers.wakeAll();
    await wait;
    expect(callers.silentSince(10)).toEqual([other]);
    callers.forget(other);
    expect(callers.silentSince(LONG_MS)).toEqual([mine]);
  });
});
