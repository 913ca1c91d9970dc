import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AnyEvent } from '#contracts';
import { scriptedModel, type ScriptedModel } from '../../../libs/model-proxy/test/scripted-model.js';
import { onWire, toolAnswers, type Said } from '../../../libs/model-proxy/test/wire.js';
import { start, type RunningService } from '../../../src/main.js';
import { withAgents } from '../../harness/agents.js';
import { Api } from '../../harness/api.js';
import { exportSprint } from '../../harness/audit.js';
import { LiveEvents } from '../../harness/events.js';
import { leftovers, openPlace, type Place } from '../../harness/place.js';
import { processesWith } from '../../harness/processes.js';
import { git, makeRepository, ourBranches } from '../../harness/repositories.js';
import { registerScriptedAgent, scriptFor } from '../../harness/scripted-agent.js';
import { approvalOf, completed, outcomesOf, propose, readSprint, type PlanAnswer } from '../../harness/sprints.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const NOTE = ' <!-- TODO: remove this note -->';
const PAGE = 'docs/index.md';

/** Work that goes on until the test lets it: then it comes to its end by itself. */
interface Held {
  readonly sprintId: string;
  readonly taskId: string;
  readonly repository: string;
  /** In the command line of everything that its agent has started; empty: nothing was. */
  readonly mark: string;
  readonly letGo: () => Promise<unknown> | void;
}

/** Where a pause finds it, and what it may only do after that. */
interface Kind {
  readonly agent: string;
  readonly verify?: readonly string[];
  readonly setup?: readonly string[];
  /** Event after which it is at work. */
  readonly at: AnyEvent['type'];
  /** The next step: nothing of it before the pause is over. */
  readonly next: AnyEvent['type'];
}

const KINDS: Readonly<Record<string, Kind>> = {
  'an agent in memory, before its next call': { agent: 'scripted', at: 'task.claimed', next: 'action.file-written' },
  'an agent with a model, in a call of it': { agent: 'model', at: 'action.model-call-started', next: 'action.file-written' }, // prettier-ignore
  'a command line': { agent: 'command', at: 'action.command-started', next: 'task.verification-started' },
  'an agent that speaks ACP, in its turn': { agent: 'acp', at: 'action.command-started', next: 'task.verification-started' }, // prettier-ignore
  'an agent that speaks ACP and waits for permission': { agent: 'permitted', at: 'task.blocked', next: 'action.permission-answered' }, // prettier-ignore
  'a verification, between its commands': {
    agent: 'spelling',
    verify: ['test -e docs/guide.md', 'if grep -q receive docs/index.md; then sleep 4; fi', 'true'],
    at: 'task.verification-started',
    next: 'task.verification-passed',
  },
  'the verification of the base': { agent: 'spelling', verify: ['sleep 4', 'true'], at: 'sprint.base-verification-claimed', next: 'sprint.base-verified' }, // prettier-ignore
  'its set-up': { agent: 'spelling', setup: ['sleep 4', 'mkdir -p made'], verify: ['true'], at: 'sprint.base-verification-claimed', next: 'sprint.base-verified' }, // prettier-ignore
};

describe('a sprint that a person steers', () => {
  let place: Place;
  let service: RunningService;
  let api: Api;
  let live: LiveEvents;
  let model: ScriptedModel;
  let answerModel: () => void = () => undefined;
  const gates = () => join(place.root, 'gates');

  const program = (adapter: 'acp' | 'command', behaviour: string, mark: string) => ({
    type: adapter,
    command: ['node', join(ROOT, 'test/agents/misbehaving-agent.mjs'), adapter, behaviour, mark, ...(adapter === 'command' ? ['{prompt}'] : [])], // prettier-ignore
    mounts: [join(ROOT, 'node_modules'), join(ROOT, 'test/agents'), gates()],
    env: { GO: join(gates(), mark) },
    does: ['todo'],
    ...(adapter === 'acp' ? { startSeconds: 600 } : {}),
  });
  const marks = {
    acp: `acp-${randomUUID()}`,
    command: `command-${randomUUID()}`,
    permitted: `permitted-${randomUUID()}`,
  };

  /** It reads, then changes the page as it was told. Every first answer waits to be let go. */
  const said = (answers: readonly string[]): Said =>
    answers.length === 0
      ? { calls: [{ tool: 'edit', input: { path: PAGE, oldText: NOTE, newText: '' } }] }
      : { text: 'It is done.' };

  beforeAll(async () => {
    registerScriptedAgent();
    place = await openPlace({
      HYPER_RUN_CONCURRENCY: '2',
      HYPER_RUN_STALLED_SECONDS: '2',
      HYPER_RUN_CIRCUIT_FAILURES: '0',
    });
    await mkdir(gates());
    model = await scriptedModel(async (request) => {
      const answers = toolAnswers(request);
      if (answers.length === 0) await new Promise<void>((resolve) => (answerModel = resolve));
      return onWire('openai-compatible', said(answers));
    });
    const agents = {
      acp: program('acp', 'works when it may', marks.acp),
      command: program('command', 'works when it may', marks.command),
      permitted: program('acp', 'asks whether it may', marks.permitted),
      model: { type: 'llm', does: ['todo'], model: { name: 'm', provider: 'ollama', baseUrl: model.url } },
    };
    service = await start({ ...place.settings, ...(await withAgents(place, agents)) });
    api = new Api(service.url ?? '', service.token);
    live = await LiveEvents.open(api);
  }, 60_000);
  afterAll(async () => {
    live?.close();
    await service?.close();
    await model?.close();
    await place?.remove();
  });

  const programsOf = async (mark: string) => (mark === '' ? 0 : (await processesWith(mark)).length);

  let count = 0;
  const begin = async ({ agent, verify = ['true'], setup, at }: Kind): Promise<Held> => {
    const page = agent === 'spelling' ? '# Atlas\n\nYou will recieve a map.\n' : `# Atlas\n\nBegin here.${NOTE}\n`;
    const path = agent === 'scripted' ? `docs/words-${(count += 1)}.md` : PAGE;
    const repository = await makeRepository(place.repositories, `atlas-${randomUUID()}`, {
      [path]: agent === 'scripted' ? '# Words\n\nYou will recieve a map.\n' : page,
      'docs/guide.md': '# Guide\n',
      '.hyper-run.json': JSON.stringify({ verify, ...(setup && { setup }), agents: { todo: agent } }),
    });
    let letGo: Held['letGo'] = () => undefined;
    if (agent === 'scripted') {
      const held = new Promise<void>((resolve) => (letGo = resolve));
      scriptFor(path, () => held);
    }
    const proposed = await propose(api, { repository });
    const taskId = proposed.tasks[0]?.taskId ?? '';
    const edit = { tasks: [{ taskId, agent }], ...(setup && { setupNetwork: false }) };
    const { body: plan } = await api.patch<PlanAnswer>(`/hyper-running/plans/${proposed.planId}`, edit, {
      'if-match': `"${proposed.planHash}"`,
    });
    await api.post('/hyper-running/execute', approvalOf(plan));
    await live.wait(at, at.startsWith('sprint.') ? plan.planId : taskId);
    const mark = Object.entries(marks).find(([kind]) => kind === agent)?.[1] ?? '';
    // The agent, and what it has started.
    const programs = mark === '' ? 0 : 2;
    while ((await programsOf(mark)) < programs) await delay(20);
    if (agent === 'model') letGo = () => answerModel();
    if (agent === 'acp' || agent === 'command') letGo = () => writeFile(join(gates(), mark), '');
    if (agent === 'permitted') letGo = () => api.post(`/hyper-running/tasks/${taskId}/answer`, { choice: 'option-1' });
    return { sprintId: plan.planId, taskId, repository, mark, letGo };
  };
  const steer = (sprintId: string, how: 'pause' | 'resume' | 'cancel') =>
    api.post(`/hyper-running/sprints/${sprintId}/${how}`, { reason: 'Lunch' });
  const rows = Object.entries(KINDS);

  it.each(rows)('is called off in %s: nothing of it is left', async (_, kind) => {
    const { sprintId, mark, repository } = await begin(kind);
    expect((await steer(sprintId, 'cancel')).status).toBe(202);
    expect(outcomesOf(await completed(api, sprintId)).every((outcome) => / cancelled/.test(outcome))).toBe(true);
    while ((await programsOf(mark)) > 0 || (await leftovers(place)).length > 0) await delay(20);
    expect(await ourBranches(repository)).toEqual([]);
    answerModel();
  });

  it.each(rows)('pauses in %s: what runs comes to its end, the next step waits, and no clock runs', async (_, kind) => {
    const { sprintId, taskId, letGo } = await begin(kind);
    expect((await steer(sprintId, 'pause')).status).toBe(202);
    await live.wait('sprint.pausing', sprintId);
    await letGo();
    // What waits for a person stands still already.
    if (kind.at !== 'task.blocked' && !kind.at.startsWith('sprint.')) await live.wait('task.held', taskId);
    await live.wait('sprint.paused', sprintId);
    // Longer than the watchdog waits.
    await delay(2500);
    expect((await steer(sprintId, 'resume')).status).toBe(202);
    expect(outcomesOf(await completed(api, sprintId))).toEqual([`${kind.agent} passed`]);
    const { events } = await exportSprint(api, sprintId);
    const timeOf = (type: string) => events.find((one) => one.type === type)?.time ?? NaN;
    const [from, until] = [timeOf('sprint.pausing'), timeOf('sprint.resumed')];
    expect(timeOf(kind.next)).toBeGreaterThanOrEqual(until);
    const stalls = events.filter(({ type }) => type === 'task.stalled').map(({ time }) => time);
    expect(stalls.filter((time) => time > from && time <= until)).toEqual([]);
    const working = timeOf('task.candidate-collected') - timeOf('task.claimed');
    const paused = Math.max(
      0,
      Math.min(until, timeOf('task.candidate-collected')) - Math.max(from, timeOf('task.claimed')),
    );
    const { body } = await api.get<{ budgets: { budget: string; used: number }[] }>(`/hyper-running/tasks/${taskId}`);
    const used = body.budgets.find(({ budget }) => budget === 'wallSeconds')?.used ?? Infinity;
    expect(used * 1000).toBeLessThanOrEqual(working - paused + 1);
    expect((await readSprint(api, sprintId)).tasks).toMatchObject([{ attempts: 1 }]);
  });

  it('goes only forward once it was decided to publish: no cancel, and no pause that stops it', async () => {
    const repository = await makeRepository(place.repositories, 'published', {
      [PAGE]: '# Atlas\n\nYou will recieve a map.\n',
      'docs/guide.md': '# Guide\n',
      '.hyper-run.json': '{ "verify": ["true"] }',
    });
    const plan = await propose(api, { repository });
    const taskId = plan.tasks[0]?.taskId ?? '';
    await git(repository, 'branch', `hyper-run/${taskId}`);
    await api.post('/hyper-running/execute', approvalOf(plan));
    await live.wait('task.blocked', taskId);
    expect(await api.post(`/hyper-running/tasks/${taskId}/cancel`)).toMatchObject({ status: 409, body: { code: 'task.publishing' } }); // prettier-ignore
    await steer(plan.planId, 'pause');
    await live.wait('sprint.paused', plan.planId);
    await git(repository, 'branch', '-D', `hyper-run/${taskId}`);
    expect((await api.post(`/hyper-running/tasks/${taskId}/answer`, {})).status).toBe(202);
    await live.wait('task.passed', taskId);
    await steer(plan.planId, 'resume');
    expect(outcomesOf(await completed(api, plan.planId))).toEqual(['spelling passed']);
  });
});
