import { describe, expect, it } from '@jest/globals';
import { budgetForm, NO_BUDGETS, readBudgets, type BudgetForm } from './budget-wish.js';

const typed = (
  task: Partial<BudgetForm['task']>,
  sprint: Partial<BudgetForm['sprint']> = {},
  before = NO_BUDGETS,
): BudgetForm => ({ task: { ...before.task, ...task }, sprint: { ...before.sprint, ...sprint } });

describe('budgets as they are typed', () => {
  it('say nothing where nothing is typed', () => expect(readBudgets(NO_BUDGETS)).toEqual({}));

  it('are sent in the units of the service, for each task and for all together', () =>
    expect(readBudgets(typed({ wallSeconds: '1.5', toolCalls: '200' }, { tokens: ' 90000 ', cost: '0.25' }))).toEqual({
      wish: { wallSeconds: 90, toolCalls: 200, sprint: { tokens: 90_000, cost: 0.25 } },
    }));

  it('name only what is another than before', () => {
    const before = budgetForm({ wallSeconds: 1800, toolCalls: 10_000, attempts: 3, sprint: { cost: 2 } });
    expect(before.task.wallSeconds).toBe('30');
    expect(readBudgets(before, before)).toEqual({});
    expect(readBudgets(typed({ toolCalls: '50' }, { cost: '3' }, before), before)).toEqual({
      wish: { toolCalls: 50, sprint: { cost: 3 } },
    });
    expect(readBudgets(typed({}, { cost: '' }, before), before).problem).toMatch(/not taken away/);
  });

  it.each<[Partial<BudgetForm['task']>]>([
    [{ wallSeconds: '0' }],
    [{ wallSeconds: '1441' }],
    [{ toolCalls: '1.5' }],
    [{ tokens: 'many' }],
    [{ cost: '-1' }],
    [{ cost: '1000001' }],
  ])('are no limits: %j', (task) => expect(readBudgets(typed(task)).problem).toBeDefined());
});
