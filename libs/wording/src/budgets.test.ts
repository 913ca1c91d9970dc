import { describe, expect, it } from '@jest/globals';
import { budgetsTexts } from './budgets.js';

describe('the budgets of a plan', () => {
  it('are told for each task, and for all of them where that is limited', () => {
    const each = { wallSeconds: 1800, toolCalls: 200, attempts: 3 };
    expect(budgetsTexts(each)).toEqual(['each task 30 min of work, 200 tool calls, 3 attempts']);
    expect(budgetsTexts({ ...each, cost: 2.5, attempts: 1, sprint: { tokens: 90_000 } })).toEqual([
      'each task 30 min of work, 200 tool calls, $2.50 of cost, 1 attempt',
      'all together 90,000 tokens',
    ]);
    expect(budgetsTexts({ ...each, sprint: {} })).toHaveLength(1);
  });
});
