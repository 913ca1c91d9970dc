import { describe, expect, it } from '@jest/globals';
import { NO_BUDGETS } from './budget-wish.js';
import { linesOf, togglePattern, toRequest, wishProblems, type Wish } from './plan-request.js';

const wish: Wish = {
  repository: '/srv/atlas',
  scope: 'docs/**\n tests/** \n',
  maxTasks: '3',
  focus: ' ',
  grants: '',
  budgets: NO_BUDGETS,
};

describe('the wish for a plan', () => {
  it('leaves out what was left empty', () =>
    expect(toRequest(wish)).toEqual({ repository: '/srv/atlas', scope: ['docs/**', 'tests/**'], maxTasks: 3 }));
  it('carries a focus and grants', () =>
    expect(toRequest({ ...wish, focus: 'links ', grants: 'package.json\n' })).toMatchObject({
      focus: 'links',
      grants: ['package.json'],
    }));
  it('can be sent as it is', () => expect(wishProblems(wish)).toEqual({}));
  it.each<[Partial<Wish>, keyof Wish]>([
    [{ repository: ' ' }, 'repository'],
    [{ scope: '\n \n' }, 'scope'],
    [{ maxTasks: '0' }, 'maxTasks'],
    [{ maxTasks: '51' }, 'maxTasks'],
    [{ maxTasks: '2.5' }, 'maxTasks'],
    [{ maxTasks: '' }, 'maxTasks'],
    [{ budgets: { ...NO_BUDGETS, task: { ...NO_BUDGETS.task, tokens: '-1' } } }, 'budgets'],
  ])('is not sent with %j', (change, field) =>
    expect(Object.keys(wishProblems({ ...wish, ...change }))).toEqual([field]),
  );
});

describe('a list of patterns', () => {
  it('names each once, without marks that reorder what is read', () =>
    expect(linesOf('a/**\nb/**\na/**\n\u202ec/**')).toEqual(['a/**', 'b/**', 'c/**']));
  it('takes a pattern in and out again', () => {
    const wider = togglePattern('docs/**', 'src/**');
    expect(linesOf(wider)).toEqual(['docs/**', 'src/**']);
    expect(togglePattern(wider, 'src/**')).toBe('docs/**');
  });
});
