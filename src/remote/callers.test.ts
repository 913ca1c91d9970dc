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
