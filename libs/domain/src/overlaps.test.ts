import { describe, expect, it } from '@jest/globals';
import type { PlannedTask, TaskId } from '#contracts';
import { besideOverlapping, withOverlaps } from './overlaps.js';
import { applyEdit } from './plan-edit.js';
import { plannedTask, planOf } from './plan.fixture.js';

const ids = (tasks: readonly PlannedTask[]) => tasks.map(({ taskId }) => taskId);
const overlaps = (tasks: readonly PlannedTask[]) => tasks.map((task) => task.overlaps);
const links = plannedTask('t-links', ['docs/a.md', 'docs/b.md']);
const words = plannedTask('t-words', ['docs/c.md']);
const form = plannedTask('t-form', ['docs/b.md', 'docs/d.md']);

describe('tasks that change the same file', () => {
  it('name each other; the others name nobody', () =>
    expect(overlaps(withOverlaps([links, words, form]))).toEqual([['t-form'], undefined, ['t-links']]));

  it('stand beside each other, the better one first', () =>
    expect(ids(besideOverlapping([links, words, form]))).toEqual(['t-links', 't-form', 't-words']));

  it('name each other no more when an edit drops or narrows one of them', () => {
    const plan = planOf(...withOverlaps([links, words, form]));
    const dropped = applyEdit(plan, { drop: ['t-links' as TaskId] });
    expect(overlaps(dropped.plan.tasks)).toEqual([undefined, undefined]);
    const narrowed = applyEdit(plan, { tasks: [{ taskId: 't-form' as TaskId, paths: ['docs/d.md'] }] });
    expect(overlaps(narrowed.plan.tasks)).toEqual([undefined, undefined, undefined]);
    const turned = applyEdit(plan, { order: ['t-form' as TaskId] });
    expect(overlaps(turned.plan.tasks)).toEqual([['t-links'], ['t-form'], undefined]);
  });
});
