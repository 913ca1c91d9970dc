import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { AgentTask, Answer } from '#agents';
import type { Budgets, EventData, Troubles } from '#contracts';
import { startRedisServer, type RedisServer } from '../../libs/event-store/test/redis-server.js';
import { start, type RunningService } from '../../src/main.js';
import type { TaskView } from '../../src/sprints/views.js';
import { Api } from '../harness/api.js';
import { exportSprint, replayed } from '../harness/audit.js';
import { LiveEvents } from '../harness/events.js';
import { MessageClient } from '../harness/messages.js';
import { openPlace, type Place } from '../harness/place.js';
import { makeRepository } from '../harness/repositories.js';
import { registerScriptedAgent, scriptFor, type Script } from '../harness/scripted-agent.js';
import type { Settings } from '../harness/service.js';
import { approvalOf, completed, propose, readSprint, type PlanAnswer } from '../harness/sprints.js';

type Changed = TaskView & { readonly cursor: string; readonly code?: string; readonly detail?: string };
interface Begun {
  readonly sprintId: string;
  readonly taskIds: readonly string[];
  readonly taskId: string;
}

/** What most tests need: failures of one are not held against the agent of the next, and no pause ends by itself. */
const USUAL: Settings = {
  HYPER_RUN_ALLOW_UNATTENDED: 'true',
  HYPER_RUN_CIRCUIT_FAILURES: '0',
  HYPER_RUN_PAUSE_SECONDS: '3600',
};

const TEXTS = {
  'docs/words.md': '# Words\n\nYou will recieve a map.\n',
  'docs/style.md': '# Style\n\nOne line.   \n\n\n\nAnother line.\n',
};

const gate = <T = void>() => {
  let open: (value: T) => void = () => undefined;
  const passed = new Promise<T>((resolve) => (open = resolve));
  return { passed, open: (value: T) => open(value) };
};

describe('a task that waits for a person', () => {
  let redis: RedisServer;
  let place: Place;
  let service: RunningService;
  let api: Api;
  let live: LiveEvents;
  let messages: MessageClient;

  const open = async (settings: Settings = USUAL) => {
    service = await start({ ...place.settings, ...settings });
    api = new Api(service.url ?? '', service.token);
    live = await LiveEvents.open(api);
  };
  const close = async () => {
    live?.close();
    await service?.close();
  };
  /** The tests beside it have a service that is set otherwise. */
  const served = (settings: Settings) =>
    beforeAll(async () => {
      await close();
      await open(settings);
    }, 60_000);

  beforeAll(async () => {
    registerScriptedAgent();
    redis = await startRedisServer('--appendfsync', 'always');
    place = await openPlace({ REDIS_URL: `unix://${redis.path}`, HYPER_RUN_CONCURRENCY: '2' });
    messages = new MessageClient(redis.path);
    await open();
  }, 60_000);
  afterAll(async () => {
    await close();
    messages?.close();
    await redis?.end();
    await place?.remove();
  });

  /** One for each policy: the tests take turns, and its base is verified once. */
  const repositories = new Map<string, Promise<string>>();
  const repositoryWith = (troubles: Partial<Troubles>): Promise<string> => {
    const policy = JSON.stringify({ verify: ['true'], troubles });
    const name = `words-${repositories.size}`;
    const made =
      repositories.get(policy) ?? makeRepository(place.repositories, name, { ...TEXTS, '.hyper-run.json': policy });
    repositories.set(policy, made);
    return made;
  };

  const begun: string[] = [];
  /** What a test left undone does not hold the repository. */
  afterEach(async () => {
    for (const sprintId of begun.splice(0)) {
      if ((await readSprint(api, sprintId)).completedAt !== undefined) continue;
      await api.post(`/hyper-running/sprints/${sprintId}/cancel`);
      await completed(api, sprintId);
    }
  });

  /** Begins a sprint of one task, whose agent does this first; with a second script, of two tasks. */
  const begin = async (
    script: Script,
    {
      budgets,
      second,
      unattended = false,
      troubles = {},
      fallbacks = [],
    }: {
      budgets?: Partial<Budgets>;
      second?: Script;
      unattended?: boolean;
      troubles?: Partial<Troubles>;
      fallbacks?: readonly string[];
    } = {},
  ): Promise<Begun> => {
    const scripts = [script, ...(second === undefined ? [] : [second])];
    const scope = Object.keys(TEXTS).slice(0, scripts.length);
    for (const [index, each] of scripts.entries()) scriptFor(scope[index] ?? '', each);
    const repository = await repositoryWith(troubles);
    const plan = await propose(api, { repository, scope, ...(budgets === undefined ? {} : { budgets }) });
    const taskIds = plan.tasks.map(({ taskId }) => taskId);
    const chosen = { tasks: taskIds.map((taskId) => ({ taskId, agent: 'scripted', fallbacks })) };
    const path = `/hyper-running/plans/${plan.planId}`;
    const edited = await api.patch<PlanAnswer>(path, chosen, { 'if-match': `"${plan.planHash}"` });
    const { status } = await api.post('/hyper-running/execute', { ...approvalOf(edited.body), unattended });
    expect(status).toBe(202);
    begun.push(plan.planId);
    return { sprintId: plan.planId, taskIds, taskId: taskIds[0] ?? '' };
  };
  const answer = (taskId: string, body: object, key: string = randomUUID()) =>
    api.post<Changed>(`/hyper-running/tasks/${taskId}/answer`, body, { 'idempotency-key': key });
  const read = async (taskId: string) => (await api.get<TaskView>(`/hyper-running/tasks/${taskId}`)).body;
  const told = (name: string, taskId: string) =>
    live.events.filter((event) => event.type === `hyperrun.${name}` && event.taskid === taskId);
  /** Resolves when the task was blocked so many times. */
  const blocked = async (taskId: string, times = 1) => {
    await live.until(() => told('alert.raised', taskId).length >= times, `block ${times} of ${taskId}`);
    return read(taskId);
  };
  const passed = async ({ sprintId }: Begun) => {
    const sprint = await completed(api, sprintId);
    expect(sprint.tasks.map(({ status }) => status)).toEqual(sprint.tasks.map(() => 'passed'));
    return sprint;
  };
  const budgetOf = ({ budgets }: Pick<TaskView, 'budgets'>, name: string) =>
    budgets?.find(({ budget }) => budget === name);

  it('shows its question everywhere, and goes on with the answer', async () => {
    const answers: Answer[] = [];
    const sprint = await begin(async ({ tools }) => void answers.push(await tools.ask('Which spelling?')));
    const { taskId, sprintId } = sprint;
    const view = await blocked(taskId);
    expect(view).toMatchObject({
      status: 'blocked',
      reason: 'The agent asks: Which spelling?',
      agentId: expect.stringMatching(/^scripted-\d+$/),
      blocked: { kind: 'question', question: { text: 'Which spelling?', options: [] } },
    });
    const { body: card } = await api.get<object>(`/agents/${view.agentId}`);
    expect(card).toMatchObject({ status: 'blocked', currentTaskId: taskId });
    expect(card).toMatchObject({ currentTaskSummary: expect.stringMatching(/: The agent asks: Which spelling\?$/) });
    const alerts = async () =>
      (await api.get<{ items: { taskId: string; acknowledgedBy?: string }[] }>('/alerts')).body.items.filter(
        (alert) => alert.taskId === taskId,
      );
    expect(await alerts()).toMatchObject([{ severity: 'warning', kind: 'task-question' }]);
    const { body, status } = await answer(taskId, {
      questionId: view.blocked?.question?.questionId,
      text: 'The British one.',
    });
    expect(status).toBe(202);
    expect(body).toMatchObject({ status: 'working', stage: 'agent', cursor: expect.any(String) });
    expect(body.blocked).toBeUndefined();
    const done = await passed(sprint);
    expect(answers).toEqual([{ text: 'The British one.', timedOut: false }]);
    expect(await alerts()).toMatchObject([{ acknowledgedBy: 'person:owner' }]);
    expect((await readSprint(api, sprintId)).tasks[0]?.attempts).toBe(1);
    const exported = await exportSprint(api, sprintId);
    expect(exported.verified.valid).toBe(true);
    expect(replayed(exported, done)).toEqual(done);
  });

  it('takes one answer of two that come at once, none that is no option, and none to what is over', async () => {
    const answers: Answer[] = [];
    const options = [
      { id: 'left', label: 'The left one' },
      { id: 'right', label: 'The right one' },
    ];
    const sprint = await begin(async ({ tools }) => {
      answers.push(await tools.ask('Which?', options));
      answers.push(await tools.ask('And then?'));
    });
    const { taskId } = sprint;
    const first = (await blocked(taskId)).blocked?.question?.questionId;
    for (const body of [{}, { text: 'left' }, { choice: 'up' }, { choice: 'left', grant: { amount: 1 } }])
      expect(await answer(taskId, body)).toMatchObject({ status: 422, body: { code: 'task.answer-unfit' } });
    for (const body of [
      { choice: 7 },
      { grant: { amount: 0 } },
      { grant: null },
      { text: 'x'.repeat(4001) },
      { to: 1 },
    ])
      expect(await answer(taskId, body)).toMatchObject({ status: 422, body: { code: 'request.invalid' } });
    const both = await Promise.all(
      ['left', 'right'].map((choice) => answer(taskId, { questionId: first, choice }, choice)),
    );
    expect(both.filter(({ status }) => status === 202)).toHaveLength(1);
    expect(both.filter(({ status }) => status === 409)).toHaveLength(1);
    const won = both[0]?.status === 202 ? 'left' : 'right';
    await blocked(taskId, 2);
    expect(await answer(taskId, { questionId: first, choice: 'left' })).toMatchObject({
      status: 409,
      body: { code: 'task.answer-stale' },
    });
    const { status, body } = await answer(taskId, { questionId: first, choice: won }, won);
    expect({ status, body }).toEqual({ status: 202, body: both.find((one) => one.status === 202)?.body });
    expect((await answer(taskId, { text: 'Stop.' })).status).toBe(202);
    await passed(sprint);
    expect(answers).toEqual([
      { choice: won, text: '', timedOut: false },
      { text: 'Stop.', timedOut: false },
    ]);
    expect(await answer(taskId, { text: 'Go.' })).toMatchObject({ status: 409, body: { code: 'task.settled' } });
    expect(await answer('t-nowhere', { text: 'Go.' })).toMatchObject({ status: 404, body: { code: 'task.unknown' } });
  });

  it('is answered over the Redis transport as well', async () => {
    const sprint = await begin(async ({ tools }) => void (await tools.ask('Which?')));
    const { taskId } = sprint;
    await blocked(taskId);
    const message = { taskId, text: 'This.', commandId: randomUUID(), token: service.token };
    const [heard] = await messages.ask('task.answer', message, 1);
    expect(heard?.response).toMatchObject({ taskId, status: 'working' });
    expect(await messages.ask('task.answer', message, 1)).toEqual([heard]);
    const { commandId: _id, ...anonymous } = message;
    const [refused] = await messages.ask('task.answer', anonymous, 1);
    expect(refused?.error).toMatchObject({ code: 'request.invalid' });
    await passed(sprint);
  });

  it('at the limit of its calls blocks once, however many calls come to it at once, and again after too small a grant', async () => {
    const sprint = await begin(
      async ({ tools }) => void (await Promise.all([1, 2, 3, 4, 5].map(() => tools.list('docs/')))),
      { budgets: { toolCalls: 3 } },
    );
    const { taskId } = sprint;
    const view = await blocked(taskId);
    expect(view).toMatchObject({
      reason: '3 of 3 tool calls are used, the budget of this task.',
      blocked: { kind: 'budget', spent: { budget: 'toolCalls', of: 'task', limit: 3, used: 3 } },
    });
    expect((await answer(taskId, { grant: { amount: 1 } })).status).toBe(202);
    expect((await blocked(taskId, 2)).blocked?.spent).toMatchObject({ limit: 4, used: 4 });
    expect((await answer(taskId, { grant: { amount: 100 }, text: 'Go on.' })).status).toBe(202);
    await passed(sprint);
    expect(told('task.blocked', taskId)).toHaveLength(2);
    expect(told('task.budget-exceeded', taskId)).toHaveLength(2);
    expect(budgetOf(await read(taskId), 'toolCalls')).toEqual({ budget: 'toolCalls', used: 7, limit: 104 });
  });

  it.each([
    ['tokens', { tokens: 1000 }, 1200, 500, 1500],
    ['cost', { cost: 0.5 }, 0.6, 0.25, 0.75],
  ] as const)('at the limit of its %s waits before it goes on', async (budget, budgets, used, amount, limit) => {
    const sprint = await begin(
      async ({ spend, reportModelCall, tools }) => {
        const call = { inputTokens: 1000, outputTokens: 200, cost: 0.6 };
        await reportModelCall(call);
        await spend(call);
        await tools.say('I go on.');
      },
      { budgets },
    );
    const { taskId } = sprint;
    expect((await blocked(taskId)).blocked?.spent).toMatchObject({ budget, of: 'task', used });
    expect(told('action.message-said', taskId)).toHaveLength(0);
    expect(await answer(taskId, { grant: { amount: amount / 100 } })).toMatchObject({ status: 422 });
    expect((await answer(taskId, { grant: { amount } })).status).toBe(202);
    await passed(sprint);
    expect(budgetOf(await read(taskId), budget)).toEqual({ budget, used, limit });
  });

  it('at the limit of its time is blocked although it does nothing, and goes on with more', async () => {
    const hold = gate();
    const sprint = await begin(() => hold.passed, { budgets: { wallSeconds: 1 } });
    const { taskId } = sprint;
    const view = await blocked(taskId);
    expect(view.blocked?.spent).toMatchObject({ budget: 'wallSeconds', of: 'task', limit: 1 });
    expect(view.stalled).toBeUndefined();
    expect((await answer(taskId, { grant: { amount: 60 } })).status).toBe(202);
    hold.open();
    await passed(sprint);
    const { used = 0 } = budgetOf(await read(taskId), 'wallSeconds') ?? {};
    expect(used).toBeGreaterThan(1);
    expect(used).toBeLessThan(60);
  });

  it('at the limit of its whole sprint blocks every task, and one grant is for all', async () => {
    const call: Script = async ({ reportModelCall, tools }) => {
      await reportModelCall({ inputTokens: 500, outputTokens: 100, cost: 0.01 });
      await tools.say('I go on.');
    };
    const sprint = await begin(call, { second: call, budgets: { sprint: { tokens: 600 } } });
    const [one = '', two = ''] = sprint.taskIds;
    await blocked(one);
    await blocked(two);
    const { budgets } = (await api.get<TaskView>(`/hyper-running/sprints/${sprint.sprintId}`)).body;
    expect(budgetOf({ budgets }, 'tokens')).toMatchObject({ limit: 600 });
    expect(budgetOf({ budgets }, 'tokens')?.used).toBeGreaterThanOrEqual(600);
    const spent = (await read(one)).blocked?.spent;
    expect(spent).toMatchObject({ budget: 'tokens', of: 'sprint', limit: 600 });
    expect((await answer(one, { grant: { amount: 10_000 } })).status).toBe(202);
    await live.wait('task.answered', two);
    const released = told('task.answered', two)[0];
    expect(released).toMatchObject({ actor: 'orchestrator', data: { text: 'More was granted to the whole sprint.' } });
    await passed(sprint);
    expect(told('task.blocked', two)).toHaveLength(1);
  });

  it.each<[string, Budgets['sprint'], (held: Promise<void>) => Script]>([
    [
      'toolCalls',
      { toolCalls: 2 },
      () =>
        async ({ tools }) =>
          void (await tools.list('docs/')),
    ],
    [
      'cost',
      { cost: 0.5 },
      () =>
        ({ reportModelCall }) =>
          reportModelCall({ inputTokens: 1, outputTokens: 1, cost: 1 }),
    ],
    ['wallSeconds', { wallSeconds: 1 }, (held) => () => held],
  ])('at the limit of %s of its sprint waits as well', async (budget, limits, script) => {
    const hold = gate();
    const sprint = await begin(script(hold.passed), { budgets: { sprint: limits } });
    const { taskId } = sprint;
    expect((await blocked(taskId)).blocked?.spent).toMatchObject({
      budget,
      of: 'sprint',
      limit: limits?.[budget as 'cost'],
    });
    expect((await answer(taskId, { grant: { amount: 60 } })).status).toBe(202);
    hold.open();
    await passed(sprint);
    expect(told('task.blocked', taskId)).toHaveLength(1);
  });

  it('does not go on in a pause, answered or not', async () => {
    const sprint = await begin(async ({ tools }) => {
      await tools.ask('Which?');
      await tools.say('I go on.');
    });
    const { sprintId, taskId } = sprint;
    await blocked(taskId);
    await api.post(`/hyper-running/sprints/${sprintId}/pause`);
    await live.wait('sprint.paused', sprintId);
    expect((await answer(taskId, { text: 'This.' })).body.status).toBe('working');
    // Whatever happened in the pause would be told before what happens after it, elsewhere.
    await propose(api, { repository: await repositoryWith({}) });
    expect(told('action.message-said', taskId)).toHaveLength(0);
    await api.post(`/hyper-running/sprints/${sprintId}/resume`);
    await passed(sprint);
    expect(told('action.message-said', taskId)).toHaveLength(1);
  });

  it.each(['cancel', 'discard'] as const)('can be ended instead: %s', async (how) => {
    let failure: unknown;
    const asked = gate();
    const sprint = await begin(async ({ tools }) => {
      await tools.ask('Which?').catch((error: unknown) => {
        failure = error;
        asked.open();
        throw error;
      });
    });
    const { sprintId, taskId } = sprint;
    const { agentId } = await blocked(taskId);
    const { body } = await api.post<Changed>(`/hyper-running/tasks/${taskId}/${how}`, { reason: 'Enough.' });
    expect(body).toMatchObject({ status: how === 'cancel' ? 'cancelled' : 'discarded', reason: 'Enough.' });
    await asked.passed;
    expect(failure).toMatchObject({ code: 'log.epoch-over' });
    const done = await completed(api, sprintId);
    expect(done.tasks).toMatchObject([{ status: how === 'cancel' ? 'cancelled' : 'discarded' }]);
    expect(await answer(taskId, { text: 'x' })).toMatchObject({ status: 409, body: { code: 'task.settled' } });
    const { body: card } = await api.get<{ currentTaskId?: string }>(`/agents/${agentId}`);
    expect(card.currentTaskId).not.toBe(taskId);
    const { items } = (await api.get<{ items: { taskId: string; acknowledgedBy?: string }[] }>('/alerts')).body;
    expect(items.find((alert) => alert.taskId === taskId)).toMatchObject({ acknowledgedBy: 'person:owner' });
  });

  it('ends with its sprint when that is cancelled', async () => {
    const { sprintId, taskId } = await begin(async ({ tools }) => void (await tools.ask('Which?')));
    await blocked(taskId);
    expect((await api.post(`/hyper-running/sprints/${sprintId}/cancel`)).status).toBe(202);
    expect(await completed(api, sprintId)).toMatchObject({ status: 'cancelled', tasks: [{ status: 'cancelled' }] });
  });

  it('waits for what was asked before it lets go of the agent that asked it', async () => {
    const sprint = await begin(async ({ tools }) => {
      const asked = tools.ask('Is that all?');
      asked.catch(() => undefined);
      await live.wait('task.blocked', sprint.taskId);
    });
    await blocked(sprint.taskId);
    expect(told('task.candidate-collected', sprint.taskId)).toHaveLength(0);
    expect((await answer(sprint.taskId, { text: 'Yes.' })).status).toBe(202);
    await passed(sprint);
  });

  it('tells whoever asks what nobody could read that it cannot be asked', async () => {
    const codes: string[] = [];
    const same = (count: number) => Array.from({ length: count }, () => ({ id: 'same', label: 'The same' }));
    const sprint = await begin(async ({ tools }) => {
      const refused = (error: { code: string }) => void codes.push(error.code);
      await tools.ask('').catch(refused);
      await tools.ask('Which?', same(2)).catch(refused);
      await tools.ask('Which?', same(21)).catch(refused);
    });
    await passed(sprint);
    expect(codes).toEqual(Array.from({ length: 3 }, () => 'tool.invalid-question'));
  });

  it('is asked once although the service stops meanwhile, and the next attempt knows the answer', async () => {
    const seen: { attempt: number; earlier: AgentTask['answers']; answer: Answer }[] = [];
    const sprint = await begin(
      async ({ task, tools }) => {
        const options = [{ id: 'map', label: 'A map' }];
        const { attempt, answers: earlier } = task;
        seen.push({ attempt, earlier, answer: await tools.ask('What?', options) });
      },
      { budgets: { attempts: 1 } },
    );
    const { taskId } = sprint;
    const before = await blocked(taskId);
    await close();
    await open();
    expect(await read(taskId)).toMatchObject({ status: 'blocked', blocked: before.blocked });
    expect((await answer(taskId, { choice: 'map', text: 'Yes.' })).body.status).toBe('queued');
    const done = await passed(sprint);
    expect(seen).toEqual([
      {
        attempt: 2,
        earlier: [{ question: 'What?', answer: 'A map: Yes.' }],
        answer: { choice: 'map', text: 'Yes.', timedOut: false },
      },
    ]);
    expect(replayed(await exportSprint(api, sprint.sprintId), done)).toEqual(done);
  });

  it('where nobody has read the plan, has nobody to ask and fails at a limit', async () => {
    const codes: string[] = [];
    const ask: Script = async ({ tools }) =>
      void (await tools.ask('Which?').catch((error: { code: string }) => codes.push(error.code)));
    await passed(await begin(ask, { unattended: true }));
    expect(codes).toEqual(['tool.nobody-to-ask']);
    const hold = gate();
    const { sprintId, taskId } = await begin(() => hold.passed, {
      unattended: true,
      budgets: { wallSeconds: 1 },
    });
    expect((await completed(api, sprintId)).tasks).toMatchObject([
      { status: 'failed', kind: 'agent-failed', reason: expect.stringMatching(/are used, the budget of this task\./) },
    ]);
    hold.open();
    expect(told('task.budget-exceeded', taskId)).toHaveLength(1);
    expect(told('task.blocked', taskId)).toHaveLength(0);
  });

  it('whose agent goes in circles asks about it, and goes on, ends, or is tried again as is said', async () => {
    const rounds = gate();
    const circles: Script = async ({ task, tools }) => {
      for (let call = 0; task.attempt === 1 && call < 12; call += 1) await tools.list('docs');
      rounds.open();
    };
    const goOn = await begin(circles);
    const view = await blocked(goOn.taskId);
    expect(view.reason).toMatch(
      /^The agent goes in circles\. It did the same 8 times, with the same result: list docs: 2\. What/,
    );
    expect(view.blocked?.question?.options.map(({ id }) => id)).toEqual(['go-on', 'retry', 'give-up']);
    await answer(goOn.taskId, { choice: 'go-on' });
    expect((await passed(goOn)).tasks[0]?.attempts).toBe(1);
    await rounds.passed;

    const again = await begin(circles);
    await blocked(again.taskId);
    await answer(again.taskId, { choice: 'retry' });
    expect((await passed(again)).tasks[0]?.attempts).toBe(2);
    const interrupted = told('task.attempt-interrupted', again.taskId)[0];
    expect(interrupted?.data).toMatchObject({ trouble: 'looping', retryAfterMs: 2000 });
    const claims = told('task.claimed', again.taskId).map(({ time }) => Date.parse(time));
    expect((claims[1] ?? 0) - Date.parse(interrupted?.time ?? '')).toBeGreaterThanOrEqual(2000);

    const passedOn = await begin(circles, { fallbacks: ['spelling'] });
    await blocked(passedOn.taskId);
    await answer(passedOn.taskId, { choice: 'to-spelling' });
    expect((await passed(passedOn)).tasks).toMatchObject([{ agent: 'spelling', attempts: 2 }]);
    expect(told('task.reassigned', passedOn.taskId)[0]?.data).toMatchObject({ from: 'scripted', to: 'spelling', trouble: 'looping', by: 'person' }); // prettier-ignore

    const ends = await begin(circles, { troubles: { looping: 'give-up' } });
    expect((await completed(api, ends.sprintId)).tasks).toMatchObject([
      {
        status: 'failed',
        kind: 'agent-failed',
        reason: expect.stringMatching(/^The agent failed: It did the same 8 times/),
      },
    ]);
    expect(told('task.failed', ends.taskId)[0]?.data).toMatchObject({ trouble: 'looping' });
  });

  it('whose agent breaks off is asked about, or tried again by itself, as the plan says', async () => {
    const once: Script = ({ task }) =>
      task.attempt === 1 ? Promise.reject(new Error('It broke off.')) : Promise.resolve();
    const retried = await begin(once, { troubles: { crashed: 'retry' } });
    const { tasks, plan } = await passed(retried);
    expect([tasks[0]?.attempts, plan?.troubles]).toEqual([
      2,
      { crashed: 'retry', 'no-change': 'give-up', stalled: 'ask', looping: 'ask', unavailable: 'retry' },
    ]);
    const asked = await begin(once, { troubles: { crashed: 'ask' } });
    expect((await blocked(asked.taskId)).reason).toBe('The agent failed: It broke off. What is to become of it?');
    await answer(asked.taskId, { choice: 'give-up' });
    expect((await completed(api, asked.sprintId)).tasks).toMatchObject([{ status: 'failed', attempts: 1 }]);
  });

  it('whose agent stands still at its next call lets a pause be settled then, long before the grace is over', async () => {
    const [began, goes] = [gate(), gate()];
    const sprint = await begin(async ({ tools }) => {
      began.open();
      await goes.passed;
      await tools.list('docs');
    });
    await began.passed;
    await api.post(`/hyper-running/sprints/${sprint.sprintId}/pause`, { reason: 'lunch' });
    await live.wait('sprint.pausing', sprint.sprintId);
    goes.open();
    const { position } = await live.wait('task.held', sprint.taskId);
    expect(Number((await live.wait('sprint.paused', sprint.sprintId)).position)).toBeGreaterThan(Number(position));
    await api.post(`/hyper-running/sprints/${sprint.sprintId}/resume`, {});
    const settled = await passed(sprint);
    const { events } = await exportSprint(api, sprint.sprintId);
    const of = (type: string) => events.find((one) => one.type === type);
    expect(of('task.held')?.causationId).toBe(of('task.claimed')?.id);
    expect(of('sprint.task-settled')?.causationId).toBe(of('task.passed')?.id);
    expect(of('sprint.paused')?.causationId).toBe(of('sprint.pausing')?.id);
    expect([of('sprint.pausing')?.causationId, settled.status]).toEqual([undefined, 'completed']);
  });

  describe('that nobody answers in time', () => {
    served({ ...USUAL, HYPER_RUN_ANSWER_SECONDS: '1' });

    it('decides for itself, and fails where that is not possible', async () => {
      const answers: Answer[] = [];
      const alone = await begin(async ({ tools }) => void answers.push(await tools.ask('Which?')));
      await passed(alone);
      expect(answers).toEqual([{ text: '', timedOut: true }]);
      const poor = await begin(async ({ tools }) => void (await tools.list()), { budgets: { toolCalls: 1 } });
      expect((await completed(api, poor.sprintId)).tasks).toMatchObject([
        {
          status: 'failed',
          kind: 'unanswered',
          reason: 'Nobody answered within 1 s: 1 of 1 tool calls are used, the budget of this task.',
        },
      ]);
    });
  });

  describe('that nobody answers in time, where the service is to fail it', () => {
    served({ ...USUAL, HYPER_RUN_ANSWER_SECONDS: '1', HYPER_RUN_UNANSWERED: 'fail' });

    it('fails', async () => {
      const lost = await begin(async ({ tools }) => void (await tools.ask('Which?')));
      expect((await completed(api, lost.sprintId)).tasks).toMatchObject([{ status: 'failed', kind: 'unanswered' }]);
    });
  });

  describe('whose agent has failed too often', () => {
    served({ HYPER_RUN_CIRCUIT_FAILURES: '2', HYPER_RUN_CIRCUIT_OPEN_SECONDS: '1' });

    it('waits, is tried once, and lets the others follow when that worked', async () => {
      const crash: Script = () => Promise.reject(new Error('It broke off.'));
      const { sprintId } = await begin(crash, { second: crash });
      expect((await completed(api, sprintId)).tasks).toMatchObject([{ status: 'failed' }, { status: 'failed' }]);
      // What went before in this log counts as well: what is meant is the one that followed the last of these failures.
      const last = (name: string) => live.events.findLast(({ type }) => type === `hyperrun.${name}`);
      await live.until(
        () => Number(last('agent.circuit-opened')?.position) > Number(last('task.failed')?.position),
        'circuit that opened after the failures',
      );
      const told = await live.wait('agent.circuit-opened');
      const opened = last('agent.circuit-opened') ?? told;
      const { until, because } = opened.data as EventData<'agent.circuit-opened'>;
      const cause = live.events.find(({ id }) => id === opened.causationid);
      expect(cause).toMatchObject({
        type: 'hyperrun.task.failed',
        taskid: because?.taskId,
        data: { trouble: 'crashed' },
      });
      const { body: card } = await api.get<object>(`/agents/${told.agentid}`);
      expect(card).toMatchObject({ circuitOpenUntil: until });
      const alert = `circuit-scripted-${until}`;
      const alertNow = async () =>
        (await api.get<{ items: { alertId: string; acknowledgedBy?: string }[] }>('/alerts')).body.items.find(
          ({ alertId }) => alertId === alert,
        );
      expect(await alertNow()).toMatchObject({ kind: 'agent-circuit-opened', stream: `agent-${told.agentid}` });
      const better = await begin(() => Promise.resolve(), { second: () => Promise.resolve() });
      await passed(better);
      const claims = live.events.filter(
        ({ type, sprintid }) => type === 'hyperrun.task.claimed' && sprintid === better.sprintId,
      );
      expect(claims.filter(({ time }) => Date.parse(time) < until)).toEqual([]);
      const second = claims.find(({ taskid }) => taskid !== claims[0]?.taskid);
      const worked = live.events.find(
        ({ type, sprintid }) => type === 'hyperrun.task.candidate-collected' && sprintid === better.sprintId,
      );
      expect(Number(second?.position)).toBeGreaterThan(Number(worked?.position));
      await live.wait('agent.circuit-closed');
      await live.wait('alert.acknowledged');
      expect(await alertNow()).toMatchObject({ acknowledgedBy: 'orchestrator' });
      expect((await api.get<object>(`/agents/${told.agentid}`)).body).not.toHaveProperty('circuitOpenUntil');
    });
  });
});
