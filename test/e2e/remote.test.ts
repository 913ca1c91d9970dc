import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { startRedisServer, type RedisServer } from '../../libs/event-store/test/redis-server.js';
import { withAgents } from '../harness/agents.js';
import type { Api } from '../harness/api.js';
import { exportSprint } from '../harness/audit.js';
import { LiveEvents } from '../harness/events.js';
import { MessageClient } from '../harness/messages.js';
import { openPlace, type Place } from '../harness/place.js';
import { hashOf, taskOfNext, teller, type Brief } from '../harness/remote-agent.js';
import { git, makeRepository } from '../harness/repositories.js';
import { launch, type Service } from '../harness/service.js';
import { approve, completed, outcomesOf, propose, taskOf } from '../harness/sprints.js';

const EXAMPLE = fileURLToPath(new URL('../../examples/remote-agent/agent.mjs', import.meta.url));
const TOKEN = 'a-token-that-only-the-agent-knows-1';
const OTHER = 'another-token-of-another-agent-22';

const NOTE = '<!-- TODO: remove this note -->';
const FILES = {
  'README.md': '# Atlas\n',
  'docs/index.md': `# Atlas\n\nBegin here. ${NOTE}\n`,
  '.hyper-run.json': '{ "verify": ["test -s docs/index.md"] }\n',
};

/** Sprints are steered through the one process, tasks are worked on by the other. */
describe('agents that live elsewhere', () => {
  let redis: RedisServer;
  let place: Place;
  let services: Service[];
  let api: Api;
  let messages: MessageClient;
  let live: LiveEvents;

  beforeAll(async () => {
    redis = await startRedisServer('--appendfsync', 'always');
    const admin = new Redis({ path: redis.path });
    // What docs/agents.md gives such an agent: it speaks and hears, and reads nothing.
    await admin.call('ACL', 'SETUSER', 'mine', 'on', '>of-mine', 'resetkeys', 'resetchannels', '&agent.*', '-@all', '+subscribe', '+unsubscribe', '+publish', '+ping', '+info'); // prettier-ignore
    admin.disconnect();
    place = await openPlace({ REDIS_URL: `unix://${redis.path}`, HYPER_RUN_REMOTE_SECONDS: '2' });
    const settings = await withAgents(place, {
      mine: { type: 'remote', does: ['todo'], tokenHash: hashOf(TOKEN) },
      other: { type: 'remote', does: ['links'], tokenHash: hashOf(OTHER) },
    });
    const desk = launch(place, { ...settings, HYPER_RUN_ROLES: 'api,orchestrator' });
    api = await desk.ready;
    const hall = launch(place, { ...settings, HYPER_RUN_ROLES: 'worker' });
    services = [desk, hall];
    messages = new MessageClient(redis.path);
    live = await LiveEvents.open(api);
  }, 60_000);
  afterAll(async () => {
    live?.close();
    messages?.close();
    await Promise.all((services ?? []).map((service) => service.stop()));
    await redis?.end();
    await place?.remove();
  });

  const tell = teller(() => messages, 'mine-1', TOKEN);
  const cardOf = async (id: string) => (await api.get<Record<string, string>>(`/agents/${id}`)).body;

  it('are offline until they are heard of, and no plan counts on them', async () => {
    await live.wait('agent.deregistered');
    const repository = await makeRepository(place.repositories, 'silent', FILES);
    expect(await propose(api, { repository })).toMatchObject({
      tasks: [],
      skipped: expect.arrayContaining([{ source: 'mine', reason: expect.stringContaining('nothing is heard of it') }]),
    });
    expect(await cardOf('mine-1')).toMatchObject({ status: 'offline', isolation: 'remote' });
  });

  it('do their work in a process of their own that knows nothing but Redis, all the way to a branch', async () => {
    const agent = spawn(process.execPath, [EXAMPLE], {
      env: { REDIS_URL: redis.path, REDIS_USERNAME: 'mine', REDIS_PASSWORD: 'of-mine', HYPER_RUN_AGENT_TOKEN: TOKEN },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const registered = await live.until(() => named('Note taker'), 'the agent').then(() => cardOf('mine-1'));
      expect(registered).toMatchObject({ status: 'idle', name: 'Note taker', role: expect.stringMatching(/, version 1\.0\.0$/) }); // prettier-ignore
      const repository = await makeRepository(place.repositories, 'atlas', FILES);
      const plan = await propose(api, { repository });
      expect(taskOf(plan, 'mine')).toMatchObject({ kind: 'todo', paths: ['docs/index.md'] });
      expect(plan.agents).toEqual([expect.objectContaining({ kind: 'mine', adapter: 'remote', workplace: 'tree' })]);
      await approve(api, plan);
      const sprint = await completed(api, plan.planId);
      expect(outcomesOf(sprint)).toEqual(['mine passed']);
      expect(await git(repository, 'show', `${sprint.tasks[0]?.commit}:docs/index.md`)).toBe('# Atlas\n\nBegin here.');
      const { verified, events, lines } = await exportSprint(api, plan.planId);
      expect(verified.valid).toBe(true);
      expect(events.flatMap(({ type, data }) => (type.startsWith('action.') ? [[type, (data as { origin: string }).origin]] : []))).toEqual([
        ['action.message-said', 'reported'],
        ['action.file-read', 'observed'],
        ['action.file-written', 'observed'],
      ]); // prettier-ignore
      expect(lines.join('\n') + services.map((one) => one.output()).join('\n')).not.toContain(TOKEN);
    } finally {
      await stopped(agent);
    }
  });
  const named = (name: string) =>
    live.events.some(
      ({ type, data }) => type === 'hyperrun.agent.registered' && (data as { name: string }).name === name,
    );

  describe('with a task', () => {
    let repository: string;
    let sprintId: string;
    let brief: Brief;
    const task = () => ({ taskId: brief.taskId, attempt: brief.attempt });
    const act = (tool: string, input: object, more: object = {}) => tell('act', { ...task(), tool, input, ...more });
    const refusals = () =>
      live.events.flatMap(({ type, data, taskid }) =>
        type === 'hyperrun.task.tool-refused' && taskid === brief.taskId ? [data] : [],
      );

    beforeAll(async () => {
      await tell('register', { name: 'By hand' });
      repository = await makeRepository(place.repositories, 'hand', FILES);
      const next = tell('next', { waitSeconds: 25 });
      const plan = await propose(api, { repository });
      sprintId = plan.planId;
      await approve(api, plan);
      brief = taskOfNext(await next);
    });

    it('are told all that they need, again if they ask again', async () => {
      expect(brief).toMatchObject({
        attempt: 1,
        paths: ['docs/index.md'],
        scope: expect.arrayContaining(['docs/**']),
        budgets: { toolCalls: expect.any(Number) },
        baseCommit: expect.stringMatching(/^[0-9a-f]{40}$/),
        evidence: [expect.objectContaining({ path: 'docs/index.md' })],
        prompt: expect.stringContaining('docs/index.md'),
      });
      expect(brief.tools.map(({ name }) => name)).toEqual(expect.arrayContaining(['read', 'write', 'search', 'ask']));
      expect((await tell('next', {})).task).toMatchObject(task());
    });

    it('are known by their own token alone, which opens nothing else', async () => {
      await expect(tell('next', {}, 'mine-1', 'nonsense')).rejects.toMatchObject({ code: 'access.token-wrong' });
      await expect(tell('next', {}, 'mine-1', api.token)).rejects.toMatchObject({ code: 'access.token-wrong' });
      await expect(tell('next', {}, 'nobody-1', TOKEN)).rejects.toMatchObject({ code: 'access.token-wrong' });
      const [asPerson] = await messages.ask('sprint.get', { sprintId, token: TOKEN }, 1);
      expect(asPerson?.error).toMatchObject({ code: 'access.token-wrong' });
      const [person] = await messages.ask('sprint.get', { sprintId, token: api.token }, 1);
      expect(person?.response).toMatchObject({ sprintId });
    });

    it('can do nothing for the task of another', async () => {
      const write = { ...task(), tool: 'write', input: { path: 'docs/index.md', content: 'Mine.' } };
      await expect(tell('act', write, 'other-1', OTHER)).rejects.toMatchObject({ code: 'agent.other-task' });
      await expect(tell('act', write, 'mine-2')).rejects.toMatchObject({ code: 'agent.other-task' });
      await expect(tell('act', { ...write, attempt: 2 })).rejects.toMatchObject({ code: 'task.lost' });
      await expect(tell('act', { ...write, taskId: 't-nowhere' })).rejects.toMatchObject({ code: 'task.unknown' });
      expect((await act('read', { path: 'docs/index.md' })).text).toContain(NOTE);
    });

    it.each([
      ['a tool that there is not', 'act', { tool: 'paint', input: {} }, 'tool'],
      ['input that does not fit', 'act', { tool: 'read', input: { path: 7 } }, 'input.path'],
      ['a field that there is not', 'act', { tool: 'read', input: { path: 'docs/index.md', mode: 'x' } }, 'input.mode'],
      ['a field of the message that there is not', 'progress', { mood: 'fine' }, 'mood'],
      [
        'what a model used that cannot be',
        'progress',
        { usage: { inputTokens: -1, outputTokens: 1, cost: 0 } },
        'usage.inputTokens',
      ],
      ['no id of the command', 'progress', { commandId: undefined }, 'commandId'],
      ['a patch that is too large', 'submit', { summary: 'Done.', patch: 'x'.repeat(1_048_577) }, 'patch'],
      ['a question without an end', 'block', { question: 'x'.repeat(2001) }, 'question'],
    ])('are told which field is wrong: %s', async (_, name, body, field) => {
      await expect(tell(name, { ...task(), ...body })).rejects.toMatchObject({
        code: 'request.invalid',
        errors: expect.arrayContaining([expect.objectContaining({ field })]),
      });
    });

    it('are refused what lies outside their scope, by name, be it in one file of a patch', async () => {
      await expect(act('write', { path: 'README.md', content: 'I was here.\n' })).rejects.toMatchObject({ code: 'tool.refused' }); // prettier-ignore
      const patch = `${PATCH}${PATCH.replaceAll('docs/index.md', 'docs/other.md').replace('--- a/docs/other.md', '--- /dev/null').replace(/@@.*$/s, '@@ -0,0 +1 @@\n+new\n')}`;
      await expect(tell('submit', { ...task(), summary: 'Done.', patch })).rejects.toMatchObject({
        code: 'tool.refused',
        message: expect.stringContaining('docs/other.md'),
      });
      await live.until(() => refusals().length === 2, 'two refusals');
      expect(refusals()).toMatchObject([
        { tool: 'write', path: 'README.md', code: 'scope.violated', count: 1 },
        { tool: 'patch', path: 'docs/other.md', code: 'scope.violated', count: 2 },
      ]);
      expect((await act('read', { path: 'docs/index.md' })).text).toContain(NOTE);
    });

    it('are answered the same under the same commandId, and it is done once', async () => {
      const commandId = randomUUID();
      const note = { commandId, note: 'I am at it.' };
      const answers = await Promise.all([1, 2, 3].map(() => tell('progress', { ...task(), ...note })));
      expect(answers).toEqual([1, 2, 3].map(() => ({ status: 'done' })));
      const usage = { inputTokens: 1000, outputTokens: 200, cost: 0.25 };
      await tell('progress', { ...task(), usage });
      await expect(tell('progress', { ...task(), commandId, note: 'Another.' })).rejects.toMatchObject({ code: 'command.id-reused' }); // prettier-ignore
      await tell('progress', { ...task(), note: 'Still at it.' });
      const said = () => live.events.flatMap(({ type, data, taskid }) => (type === 'hyperrun.action.message-said' && taskid === brief.taskId ? [(data as { text: string }).text] : [])); // prettier-ignore
      await live.until(() => said().includes('Still at it.'), 'the second note');
      expect(said()).toEqual(['I am at it.', 'Still at it.']);
    });

    it('wait while the sprint is paused, and hear the answer afterwards', async () => {
      await api.post(`/hyper-running/sprints/${sprintId}/pause`);
      await live.wait('task.held', brief.taskId);
      const read = { commandId: randomUUID(), waitSeconds: 0 };
      expect(await act('read', { path: 'docs/index.md' }, read)).toEqual({ status: 'waiting', for: 'pause' });
      await live.wait('sprint.paused', sprintId);
      await api.post(`/hyper-running/sprints/${sprintId}/resume`);
      expect(await act('read', { path: 'docs/index.md' }, { ...read, waitSeconds: 20 })).toMatchObject({
        status: 'done',
      });
    });

    it('ask a person, and hear the answer whenever it comes', async () => {
      const question = { ...task(), commandId: randomUUID(), question: 'May I?', options: ['Yes', 'No'] };
      expect(await tell('block', { ...question, waitSeconds: 0 })).toMatchObject({ status: 'waiting' });
      await live.wait('task.blocked', brief.taskId);
      expect(await tell('block', { ...question, waitSeconds: 0 })).toEqual({ status: 'waiting', for: 'person' });
      const answered = await api.post(`/hyper-running/tasks/${brief.taskId}/answer`, {
        choice: 'option-1',
        text: 'Do.',
      });
      expect(answered.status).toBe(202);
      expect(await tell('block', question)).toEqual({ status: 'done', choice: 'Yes', text: 'Do.', timedOut: false });
    });

    it('hand in a patch, once, and can do nothing more', async () => {
      const submit = { ...task(), commandId: randomUUID(), summary: 'Took out the note.', patch: PATCH };
      const first = await tell('submit', submit);
      expect(first).toEqual({ status: 'done', changed: ['docs/index.md'] });
      expect(await tell('submit', submit)).toEqual(first);
      expect(await tell('next', { waitSeconds: 0 })).toEqual({ status: 'idle' });
      await expect(act('read', { path: 'docs/index.md' })).rejects.toMatchObject({
        code: expect.stringMatching(/^(agent\.not-running|task\.settled|task\.lost)$/),
      });
      const sprint = await completed(api, sprintId);
      expect(outcomesOf(sprint)).toEqual(['mine passed']);
      const use = (budget: string, used: number) => expect.objectContaining({ budget, used });
      expect(sprint.tasks).toMatchObject([
        { budgets: expect.arrayContaining([use('tokens', 1200), use('cost', 0.25)]) },
      ]);
      expect(await git(repository, 'show', `${sprint.tasks[0]?.commit}:docs/index.md`)).toBe('# Atlas\n\nBegin here.');
    });
  });

  it('are told that their task was cancelled, and are offline when they fall silent', async () => {
    const repository = await makeRepository(place.repositories, 'cancelled', FILES);
    const next = tell('next', { waitSeconds: 25 });
    const plan = await propose(api, { repository });
    await approve(api, plan);
    const { taskId, attempt } = taskOfNext(await next);
    const named = { taskId, attempt };
    await api.post(`/hyper-running/tasks/${taskId}/cancel`, { reason: 'Not today' });
    await live.wait('task.cancelled', taskId);
    const over = { code: 'task.settled', message: expect.stringContaining('cancelled. Not today') };
    await expect(tell('act', { ...named, tool: 'read', input: { path: 'docs/index.md' } })).rejects.toMatchObject(over);
    await expect(tell('submit', { ...named, summary: 'Done.' })).rejects.toMatchObject(over);
    expect(await tell('next', { waitSeconds: 0 })).toEqual({ status: 'idle' });
    const before = gone();
    await live.until(() => gone() > before, 'a word that it is gone');
    expect(await cardOf('mine-1')).toMatchObject({ status: 'offline', name: 'By hand' });
  });
  const gone = () => live.events.filter(({ type, agentid }) => type === 'hyperrun.agent.deregistered' && agentid === 'mine-1').length; // prettier-ignore
});

const PATCH = `diff --git a/docs/index.md b/docs/index.md
--- a/docs/index.md
+++ b/docs/index.md
@@ -1,3 +1,3 @@
 # Atlas
 
-Begin here. ${NOTE}
+Begin here.
`;

const stopped = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill();
  await exit;
};
