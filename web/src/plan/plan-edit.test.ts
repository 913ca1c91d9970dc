import { describe, expect, it } from '@jest/globals';
import { plan, plannedTask } from '../../../libs/domain/src/plan.fixture.js';
import { planChanges } from './plan-changes.js';
import { editOf, formOf, moved } from './task-edit.js';

const task = { ...plannedTask('t-1'), paths: ['docs/a.md', 'docs/b.md'] };
const form = formOf(task);

describe('the edit of a task', () => {
  it('is none when nothing was changed', () => expect(editOf(task, form, true)).toBeUndefined());
  it('names only what was changed', () => {
    expect(editOf(task, { ...form, title: ' Mend it ' }, true)).toEqual({ taskId: 't-1', title: 'Mend it' });
    expect(editOf(task, { ...form, paths: ['docs/b.md'] }, true)).toEqual({ taskId: 't-1', paths: ['docs/b.md'] });
  });
  it('says who may take it over, in that order, and never its own agent', () => {
    const passable = { ...task, fallbacks: ['coder', 'poet'] };
    const turned = { ...formOf(passable), fallbacks: ['poet', 'coder'] };
    expect(editOf(passable, formOf(passable), true)).toBeUndefined();
    expect(editOf(passable, turned, true)).toEqual({ taskId: 't-1', fallbacks: ['poet', 'coder'] });
    expect(editOf(task, { ...form, fallbacks: ['links'] }, true)).toBeUndefined();
  });
  it('sends instructions only to who hears them', () => {
    const told = { ...form, instructions: 'Gently' };
    expect(editOf(task, told, true)).toEqual({ taskId: 't-1', instructions: 'Gently' });
    expect(editOf(task, told, false)).toBeUndefined();
  });
});

describe('a task in a list', () => {
  const ids = ['a', 'b', 'c'];
  it.each<[string, number, string]>([
    ['a', 1, 'b a c'],
    ['c', 0, 'c a b'],
    ['a', 2, 'b c a'],
  ])('%s moves to place %i', (id, to, order) => expect(moved(ids, id, to).join(' ')).toBe(order));
  it.each<[string, number]>([
    ['a', -1],
    ['c', 3],
    ['b', 1],
    ['x', 0],
  ])('%s stays where it is instead of %i', (id, to) => expect(moved(ids, id, to)).toBe(ids));
});

describe('what became of a plan', () => {
  const [one, two] = [plannedTask('t-1'), plannedTask('t-2')];
  const read = { ...plan, tasks: [one, two] };
  it('is nothing where it is the same', () => expect(planChanges(read, { ...read })).toEqual([]));
  it('names what was dropped, and no order where the rest stays in it', () =>
    expect(planChanges(read, { ...read, tasks: [two] })).toEqual([`“${one.title}” was dropped.`]));
  it('says that the order is another one', () =>
    expect(planChanges(read, { ...read, tasks: [two, one] })).toEqual(['The order is another one.']));
  it('says of a task what it may do now', () => {
    const other = {
      ...one,
      title: 'Mend it',
      agent: 'claude',
      fallbacks: ['a', 'b'],
      instructions: 'Gently',
      paths: [],
    };
    expect(planChanges(read, { ...read, tasks: [other, two] })).toEqual([
      `“${one.title}” is called “Mend it”.`,
      '“Mend it” has other instructions.',
      `“Mend it” is for agent claude instead of ${one.agent}.`,
      '“Mend it” may go on to a, then b.',
      `“Mend it” may change 0 files instead of ${one.paths.length}.`,
    ]);
  });
  it('says that the scope is another one, and what came with it', () => {
    const wider = { ...read, scope: ['docs/**', 'src/**'], tasks: [one, plannedTask('t-3'), two] };
    expect(planChanges(read, wider)).toEqual(['The scope is docs/**, src/**.', '“Mend t-3” was added.']);
  });
  it('says what was granted', () => {
    const granted = { ...read, grants: ['package.json'], verification: { ...read.verification, setupNetwork: true } };
    expect(planChanges(read, granted)).toEqual([
      'Protected paths that may change: package.json.',
      'Set-up may use the network.',
    ]);
  });
});
