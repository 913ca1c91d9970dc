import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startRedisServer, type RedisServer } from '../../libs/event-store/test/redis-server.js';
import { withAgents } from '../harness/agents.js';
import type { Api } from '../harness/api.js';
import { exportSprint, replayed } from '../harness/audit.js';
import { LiveEvents } from '../harness/events.js';
import { MessageClient } from '../harness/messages.js';
import { openPlace, type Place } from '../harness/place.js';
import { hashOf } from '../harness/remote-agent.js';
import { makeRepository, ourBranches, QUICK, SLOW } from '../harness/repositories.js';
import { launch, type Service } from '../harness/service.js';
import {
  ALL_PASSED,
  outcomesOf,
  approvalOf,
  completed,
  propose,
  readSprint,
  taskOf,
  type PlanAnswer,
  type SprintAnswer,
} from '../harness/sprints.js';

const REMOTE = 'the-token-of-a-remote-agent-1';

/** What an instance answers: a plan or a sprint, or why not. */
interface Heard {
  readonly response: PlanAnswer & SprintAnswer;
  readonly error?: { readonly code: string };
}

describe('two instances on one Redis and one data directory', () => {
  let redis: RedisServer;
  let place: Place;
  let services: readonly Service[];
  let apis: readonly [Api, Api];
  let messages: MessageClient;
  let live: LiveEvents;

  beforeAll(async () => {
    redis = await startRedisServer('--appendfsync', 'always');
    place = await openPlace({ REDIS_URL: `unix://${redis.path}` });
    const settings = await withAgents(place, { mine: { type: 'remote', tokenHash: hashOf(REMOTE) } });
    const first = launch(place, settings);
    const one = await first.ready;
    const second = launch(place, settings);
    services = [first, second];
    apis = [one, await second.ready];
    messages = new MessageClient(redis.path);
    live = await LiveEvents.open(one);
  }, 60_000);

  afterAll(async () => {
    live?.close();
    messages?.close();
    await Promise.all((services ?? []).map((service) => service.stop()));
    await redis?.end();
    await place?.remove();
  });

  /** One message, heard by both; what they answered, which has to be the same. */
  const both = async (pattern: string, data: object, commandId: string = randomUUID()): Promise<Heard> => {
    const { token } = apis[0];
    const answers = await messages.ask(pattern, { ...data, commandId, token }, 2);
    expect(answers).toHaveLength(2);
    expect(answers[1]).toEqual(answers[0]);
    return answers[0] as Heard;
  };
  const told = (sprintId: string, name: string) =>
    live.events.filter((event) => event.sprintid === sprintId && event.type === `hyperrun.${name}`);

  it('hear one request for a plan, make one plan, and answer alike', async () => {
    const repository = await makeRepository(place.repositories, 'plan', QUICK);
    const { response: plan } = await both('sprint.plan', { repository });
    expect(plan.status).toBe('proposed');
    await live.wait('sprint.plan-proposed', plan.planId);
    expect(told(plan.planId, 'sprint.plan-requested')).toHaveLength(1);
    expect(told(plan.planId, 'sprint.plan-proposed')).toHaveLength(1);
  });

  it('hear one approval, run one sprint, merge it once, and answer alike, also when it is sent again', async () => {
    const repository = await makeRepository(place.repositories, 'execute', QUICK);
    const plan = await propose(apis[1], { repository });
    const commandId = randomUUID();
    const first = await both('sprint.execute', approvalOf(plan), commandId);
    const again = await both('sprint.execute', approvalOf(plan), commandId);
    expect(first.response.sprintId).toBe(plan.planId);
    expect(again).toEqual(first);
    const sprint = await completed(apis[0], plan.planId);
    expect(outcomesOf(sprint)).toEqual(ALL_PASSED);
    expect(told(plan.planId, 'sprint.plan-approved')).toHaveLength(1);
    expect(told(plan.planId, 'task.passed')).toHaveLength(3);
    expect(await ourBranches(repository)).toHaveLength(3);
    expect(await readSprint(apis[1], plan.planId)).toEqual({ ...sprint, cursor: expect.any(String) });
    const exported = await exportSprint(apis[1], plan.planId);
    expect(exported.verified.valid).toBe(true);
    expect(replayed(exported, sprint)).toEqual(sprint);
    const merging = await both('sprint.integrate', { sprintId: plan.planId });
    expect(merging.response).toMatchObject({ status: 'completed', integration: { status: 'merging' } });
    await live.wait('sprint.integrated', plan.planId);
    for (const name of ['sprint.integration-requested', 'sprint.integration-claimed', 'sprint.integrated'])
      expect([name, told(plan.planId, name).length]).toEqual([name, 1]);
    expect(await ourBranches(repository)).toHaveLength(4);
  });

  it('approved over HTTP at both at the same instant under one key: one effect, the same answer', async () => {
    const repository = await makeRepository(place.repositories, 'http', QUICK);
    const plan = await propose(apis[0], { repository });
    const key = { 'idempotency-key': randomUUID() };
    const answers = await Promise.all(
      [...apis, ...apis].map((api) => api.post<SprintAnswer>('/hyper-running/execute', approvalOf(plan), key)),
    );
    for (const answer of answers) {
      expect(answer.status).toBe(202);
      expect(answer.body).toEqual(answers[0]?.body);
    }
    await completed(apis[0], plan.planId);
    expect(told(plan.planId, 'sprint.plan-approved')).toHaveLength(1);
    expect(told(plan.planId, 'task.queued')).toHaveLength(3);
  });

  it('approved at both at the same instant under different keys: one wins, the other is told so', async () => {
    const repository = await makeRepository(place.repositories, 'race', QUICK);
    const plan = await propose(apis[0], { repository });
    const answers = await Promise.all(
      apis.map((api) => api.post<{ code?: string }>('/hyper-running/execute', approvalOf(plan))),
    );
    const lost = answers.filter(({ status }) => status !== 202);
    expect(lost).toMatchObject([{ status: 409, body: { code: 'plan.already-decided' } }]);
    await completed(apis[1], plan.planId);
    expect(told(plan.planId, 'sprint.plan-approved')).toHaveLength(1);
  });

  it('hear one edit and one rejection, and do each once', async () => {
    const repository = await makeRepository(place.repositories, 'review', QUICK);
    const plan = await propose(apis[0], { repository });
    const edit = { drop: [taskOf(plan, 'links').taskId] };
    const edited = await both('plan.edit', { planId: plan.planId, planHash: plan.planHash, edit });
    expect(edited.response.tasks).toHaveLength(2);
    expect(edited.response.planHash).not.toBe(plan.planHash);
    const rejected = await both('plan.reject', { planId: plan.planId, reason: 'No' });
    expect(rejected.response.status).toBe('rejected');
    await live.wait('sprint.plan-rejected', plan.planId);
    expect(told(plan.planId, 'sprint.plan-edited')).toHaveLength(1);
    expect(told(plan.planId, 'sprint.plan-rejected')).toHaveLength(1);
  });

  it('hear one pause, one resume and one cancel, and do each once', async () => {
    const repository = await makeRepository(place.repositories, 'steer', SLOW);
    const plan = await propose(apis[0], { repository });
    await both('sprint.execute', approvalOf(plan));
    await live.wait('task.claimed', plan.planId);
    const { sprintId } = { sprintId: plan.planId };
    expect((await both('sprint.pause', { sprintId })).response.status).toBe('pausing');
    await live.wait('sprint.paused', sprintId);
    await both('sprint.resume', { sprintId });
    await both('sprint.cancel', { sprintId, reason: 'Enough' });
    const sprint = await completed(apis[1], sprintId);
    expect(sprint.completedAt).toBeDefined();
    for (const name of ['sprint.pausing', 'sprint.resumed', 'sprint.cancelled', 'sprint.completed']) {
      await live.wait('sprint.completed', sprintId);
      expect([name, told(sprintId, name).length]).toEqual([name, 1]);
    }
  });

  it('answer a question alike, and refuse alike', async () => {
    const plan = await propose(apis[0], { repository: await makeRepository(place.repositories, 'ask', QUICK) });
    const { token } = apis[0];
    const [one, two] = await messages.ask('sprint.get', { sprintId: plan.planId, token }, 2);
    expect(one?.response).toMatchObject({ sprintId: plan.planId, status: 'proposed' });
    expect(two).toEqual(one);
    const stale = await both('sprint.execute', { planId: plan.planId, planHash: 'f'.repeat(64) });
    expect(stale.error).toMatchObject({ code: 'plan.stale-hash' });
    const unknown = await both('sprint.pause', { sprintId: 's-nowhere' });
    expect(unknown.error).toMatchObject({ code: 'sprint.unknown' });
    const [stranger] = await messages.ask('sprint.get', { sprintId: plan.planId, token: 'nonsense' }, 2);
    expect(stranger?.error).toMatchObject({ code: 'access.token-wrong' });
  });

  it('hear an agent that lives elsewhere: one of them gives it its task and does what it asks, once', async () => {
    const files = { ...QUICK, 'docs/words.md': '# Words <!-- TODO: mend -->\n' };
    const repository = await makeRepository(place.repositories, 'remote', files);
    const tell = async (name: string, body: object, answers: number) => {
      const message = { agent: 'mine-1', token: REMOTE, commandId: 'c-1', ...body };
      const heard = await messages.ask(`agent.${name}`, message, 2, answers);
      return heard as { readonly response: { readonly status: string; readonly task: { readonly taskId: string } } }[];
    };
    const [registered, alike] = await tell('register', { name: 'Elsewhere' }, 2);
    expect(registered?.response).toMatchObject({ status: 'registered', name: 'Elsewhere' });
    expect(alike).toEqual(registered);
    const plan = await propose(apis[0], { repository });
    const { taskId } = taskOf(plan, 'mine');
    await both('sprint.execute', { ...approvalOf(plan), taskIds: [taskId] });
    const [{ response } = { response: undefined }] = await tell('next', { waitSeconds: 30 }, 1);
    expect(response).toMatchObject({ status: 'task', task: { taskId, attempt: 1 } });
    const note = { taskId, attempt: 1, note: 'I am here.' };
    expect(await tell('progress', note, 1)).toEqual(await tell('progress', note, 1));
    const write = { taskId, attempt: 1, tool: 'write', input: { path: 'docs/words.md', content: '# Words\n' } };
    expect(await tell('act', { ...write, commandId: 'c-2' }, 1)).toEqual([{ response: { status: 'done' } }]);
    expect(await tell('act', { ...write, commandId: 'c-2' }, 1)).toEqual([{ response: { status: 'done' } }]);
    await tell('submit', { taskId, attempt: 1, summary: 'Done.', commandId: 'c-3' }, 1);
    expect(outcomesOf(await completed(apis[0], plan.planId))).toContain('mine passed');
    const { events } = await exportSprint(apis[0], plan.planId);
    for (const type of ['task.claimed', 'action.message-said', 'action.file-written'])
      expect([type, events.filter((event) => event.type === type).length]).toEqual([type, 1]);
    const over = await tell('progress', { ...note, commandId: 'c-4' }, 2);
    expect(over).toMatchObject([{ error: { code: 'task.settled' } }, { error: { code: 'task.settled' } }]);
  });
});
