import { describe, expect, it } from '@jest/globals';
import type { SpentBudget } from '#contracts';
import { usedOf } from '#domain';
import { amountText, pausesOf, suggestedGrant } from './budgets.js';

describe('a budget that is used up', () => {
  it.each<[SpentBudget, number]>([
    [{ budget: 'toolCalls', of: 'task', limit: 100, used: 100 }, 50],
    [{ budget: 'toolCalls', of: 'task', limit: 1, used: 1 }, 1],
    [{ budget: 'tokens', of: 'sprint', limit: 1000, used: 9000 }, 8100],
    [{ budget: 'cost', of: 'task', limit: 0.01, used: 0.01 }, 0.01],
  ])('of %j: %d more are enough to go on', (spent, more) => {
    expect(suggestedGrant(spent)).toBe(more);
    expect(spent.limit + more).toBeGreaterThan(spent.used);
  });
  it('is told in its unit', () => {
    expect(amountText('wallSeconds', 90.4)).toBe('1 min 30 s');
    expect(amountText('toolCalls', 1)).toBe('1 call');
    expect(amountText('tokens', 12_000)).toBe('12,000 tokens');
    expect(amountText('cost', 0.5)).toBe('$0.50');
  });
});

describe('the time that a task has used', () => {
  const account = { toolCalls: 0, tokens: 0, cost: 0, spans: [], granted: [], open: { from: 0, until: 1000 } };

  it('stands still while its sprint is paused, and goes on with it', () => {
    const paused = [{ from: '1970-01-01T00:00:10.000Z' }];
    const resumed = [{ from: '1970-01-01T00:00:10.000Z', until: '1970-01-01T00:00:40.000Z' }];
    expect(usedOf(account, pausesOf(undefined), 60_000).wallSeconds).toBe(60);
    expect(usedOf(account, pausesOf(paused), 60_000).wallSeconds).toBe(10);
    expect(usedOf(account, pausesOf(resumed), 60_000).wallSeconds).toBe(30);
  });
});
