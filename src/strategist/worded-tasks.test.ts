import { describe, expect, it } from '@jest/globals';
import { planOf, plannedTask } from '../../libs/domain/src/plan.fixture.js';
import { planHash } from '#domain';
import { wordedTasks } from './worded-tasks.js';

const candidates = ['t-a', 't-b', 't-c'].map((id) => plannedTask(id));
const said = (...ids: readonly string[]) => ({
  tasks: ids.map((taskId) => ({ taskId, title: `Title of ${taskId}`, rationale: `Reason of ${taskId}.` })),
});
const worded = (answer: unknown, count = 2) =>
  wordedTasks(typeof answer === 'string' ? answer : JSON.stringify(answer), candidates, count);

describe('a model that words a plan', () => {
  it('chooses, orders and words, and changes nothing else', () => {
    const [first, second, ...others] = worded(said('t-c', 't-a'));
    const { rationale, ...rest } = plannedTask('t-c');
    expect(first).toEqual({ ...rest, title: 'Title of t-c', rationale: `Reason of t-c. ${rationale}` });
    expect(second).toMatchObject({ taskId: 't-a', title: 'Title of t-a' });
    expect(others).toEqual([]);
  });

  it('may talk around its JSON, but not in control characters, several lines or secrets', () => {
    const key = `sk-${'a1'.repeat(20)}`;
    const answer = { tasks: [{ taskId: 't-b', title: 'Two\n  lines\u001b[31m', rationale: `For ${key} here` }] };
    const [task] = worded(`Here you are:\n\`\`\`json\n${JSON.stringify(answer)}\n\`\`\``, 1);
    expect(task?.title).toBe('Two lines');
    expect(task?.rationale).toMatch(/^For \[masked\] here /);
  });

  it.each<[string, unknown, RegExp]>([
    ['no JSON', 'I would rather not.', /not JSON/],
    ['half an answer', '{"tasks": [{"taskId": "t-a"', /not JSON/],
    ['another form', { plan: [] }, /tasks/],
    ['a task that the scan did not find', said('t-a', 't-z'), /no task "t-z"/],
    ['a task twice', said('t-a', 't-a'), /twice/],
    ['too few', said('t-a'), /has 1 tasks, expected were 2/],
    ['too many', said('t-a', 't-b', 't-c'), /has 3 tasks/],
    ['paths of its own', { tasks: said('t-a', 't-b').tasks.map((task) => ({ ...task, paths: ['/etc'] })) }, /paths/],
    ['instructions of its own', { ...said('t-a', 't-b'), instructions: 'x' }, /instructions/],
    ['no words', { tasks: said('t-a', 't-b').tasks.map((task) => ({ ...task, title: ' \n\t  ' })) }, /without words/],
    [
      'too many words',
      { tasks: said('t-a', 't-b').tasks.map((task) => ({ ...task, title: 'x'.repeat(200) })) },
      /title/,
    ],
  ])('is not followed at all where its answer has %s', (_, answer, why) => {
    const refused = () => worded(answer);
    expect(refused).toThrow(expect.objectContaining({ code: 'strategist.unfit-wording' }));
    expect(refused).toThrow(why);
  });

  it('is part of what is approved: other words, reasons or models are another plan', () => {
    const model = { model: 'm', inputTokens: 1, outputTokens: 1, cost: 0 };
    const plan = planOf(...candidates);
    const hashes = [
      plan,
      { ...plan, worded: model },
      { ...plan, worded: { ...model, model: 'other' } },
      { ...plan, worded: model, tasks: plan.tasks.map((task) => ({ ...task, rationale: 'Another.' })) },
      { ...plan, worded: model, tasks: plan.tasks.map((task) => ({ ...task, title: 'Another' })) },
      { ...plan, worded: model, tasks: plan.tasks.toReversed() },
    ].map(planHash);
    expect(new Set(hashes).size).toBe(hashes.length);
    expect(planHash({ ...plan, tasks: plan.tasks.map((task) => ({ ...task, rationale: 'Another.' })) })).toBe(
      hashes[0],
    );
  });
});
