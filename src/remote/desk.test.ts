import { describe, expect, it } from '@jest/globals';
import type { RemoteWork } from '#agents';
import type { TaskId } from '#contracts';
import { Desk } from './desk.js';

const terms = { taskId: 't-1' as TaskId, attempt: 1, scope: ['docs/**'], budgets: {} };
const workThat = (isOver: boolean) => ({ brief: { title: 'Mend it' }, isOver }) as unknown as RemoteWork;

const opened = () => {
  const { signal } = new AbortController();
  const desk = new Desk(terms, { waitsFor: () => 'person', onOpen: () => undefined, signal });
  desk.open(workThat(false));
  return desk;
};
const asked = (commandId: string, body: unknown = {}) => ({ commandId, body, waitMs: 1000 });

describe('a desk', () => {
  it('carries out once what is asked under one id, and answers all alike, also when the work is over', async () => {
    const desk = opened();
    let done = 0;
    const count = async () => ({ done: (done += 1) });
    expect(await Promise.all([desk.answer(asked('a'), count), desk.answer(asked('a'), count)])).toEqual([
      { status: 'done', done: 1 },
      { status: 'done', done: 1 },
    ]);
    expect(await desk.answer(asked('b'), count)).toEqual({ status: 'done', done: 2 });
    desk.close();
    expect(await desk.answer(asked('a'), count)).toEqual({ status: 'done', done: 1 });
    expect(await desk.answer(asked('c'), count)).toBeUndefined();
  });

  it('answers alike what was refused, and refuses an id that stands for something else', async () => {
    const desk = opened();
    const refuse = () => Promise.reject(new Error('Not that.'));
    await expect(desk.answer(asked('a', { x: 1 }), refuse)).rejects.toThrow('Not that.');
    await expect(desk.answer(asked('a', { x: 1 }), async () => ({}))).rejects.toThrow('Not that.');
    await expect(desk.answer(asked('a', { x: 2 }), async () => ({}))).rejects.toMatchObject({ code: 'command.id-reused' }); // prettier-ignore
  });

  it('says what is waited for when an answer takes longer than whoever asks will wait', async () => {
    const desk = opened();
    let answer: (value: object) => void = () => undefined;
    const later = () => new Promise<object>((resolve) => (answer = resolve));
    expect(await desk.answer({ ...asked('a'), waitMs: 0 }, later)).toEqual({ status: 'waiting', for: 'person' });
    const second = desk.answer(asked('a'), later);
    answer({ text: 'Yes' });
    expect(await second).toEqual({ status: 'done', text: 'Yes' });
  });

  it('keeps what has no answer yet however much is said meanwhile, and its answer from then on', async () => {
    const desk = opened();
    let answer: (value: object) => void = () => undefined;
    let [questions, said] = [0, 0];
    const ask = () => {
      questions += 1;
      return new Promise<object>((resolve) => (answer = resolve));
    };
    const beats = async () => {
      for (let beat = 0; beat < 49; beat += 1) await desk.answer(asked(`${(said += 1)}`), async () => ({}));
    };
    await desk.answer({ ...asked('question'), waitMs: 0 }, ask);
    await beats();
    await beats();
    answer({ text: 'Yes' });
    await beats();
    expect(await desk.answer(asked('question'), ask)).toEqual({ status: 'done', text: 'Yes' });
    expect(questions).toBe(1);
  });

  it('takes no more messages than can wait for an answer, and a refused one when there are fewer', async () => {
    const desk = opened();
    let answer: (value: object) => void = () => undefined;
    const open = Array.from({ length: 20 }, (_, index) =>
      desk.answer(asked(String(index)), () => new Promise<object>((resolve) => (answer = resolve))),
    );
    const late = () => desk.answer(asked('late'), async () => ({ is: 'late' }));
    await expect(late()).rejects.toMatchObject({ code: 'agent.busy', actor: 'retry' });
    answer({});
    await open[19];
    expect(await late()).toEqual({ status: 'done', is: 'late' });
    expect(await desk.answer(asked('late'), async () => ({}))).toEqual({ status: 'done', is: 'late' });
  });

  it('tells the task with its terms, for as long as something can be done', () => {
    const desk = opened();
    expect(desk.brief()).toEqual({ title: 'Mend it', scope: ['docs/**'], budgets: {} });
    desk.close();
    expect(desk.brief()).toBeUndefined();
    desk.open(workThat(true));
    expect(desk.brief()).toBeUndefined();
  });
});
