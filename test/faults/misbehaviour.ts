// Agents that do not do what they are for: a sprint full of them, with a person who answers, and what has to hold afterwards.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from '@jest/globals';
import type { Recorded } from '#contracts';
import { compareFingerprints } from '#git';
import { withAgents } from '../harness/agents.js';
import type { Api } from '../harness/api.js';
import { exportSprint } from '../harness/audit.js';
import { LiveEvents } from '../harness/events.js';
import { leftovers, openPlace, type Place } from '../harness/place.js';
import { processesWith } from '../harness/processes.js';
import { fingerprintOf, git, makeRepository, ourBranches } from '../harness/repositories.js';
import { launch } from '../harness/service.js';
import { approvalOf, propose, readSprint, type PlanAnswer, type SprintAnswer } from '../harness/sprints.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What a person gives to whoever asks, and how the task has to end: `<status>: <reason>`. */
interface Expected {
  readonly end: RegExp;
  /** It comes to a limit, where the person gives it up; all others are given as much as they want. */
  readonly hopeless?: true;
  readonly adapters?: readonly Adapter[];
}
type Adapter = 'acp' | 'command';

const GIVEN_UP = /^discarded: Given up\.$/;
const CRASHED = /^failed: The agent failed: Its program /;

export const MISBEHAVIOURS: Readonly<Record<string, Expected>> = {
  works: { end: /^passed: / },
  'does nothing': { end: /^failed: .*chang/ },
  hangs: { end: GIVEN_UP, hopeless: true },
  'never answers': { end: GIVEN_UP, hopeless: true, adapters: ['acp'] },
  'loops at full speed': { end: GIVEN_UP, hopeless: true },
  'ends with 0': { end: /^failed: .*(ended with code 0 before it was done|changed nothing)/ },
  crashes: { end: CRASHED },
  'kills itself': { end: CRASHED },
  'is a daemon': { end: /^passed: / },
  forks: { end: GIVEN_UP, hopeless: true },
  'forks without an end': { end: GIVEN_UP, hopeless: true },
  'prints without an end': { end: GIVEN_UP, hopeless: true, adapters: ['command'] },
  'writes elsewhere': { end: /^failed: .*outside/ },
  'loops through its tools': { end: GIVEN_UP, hopeless: true, adapters: ['acp'] },
  'tells without an end': { end: GIVEN_UP, hopeless: true, adapters: ['acp'] },
  insists: { end: /^failed: The agent failed: 3 tool calls were refused/, adapters: ['acp'] },
  asks: { end: /^passed: /, adapters: ['acp'] },
  'prints no messages': { end: /^failed: The agent failed: It does not speak ACP/, adapters: ['acp'] },
};

export interface Misbehaving {
  readonly name: string;
  readonly adapter: Adapter;
  readonly behaviour: string;
}

/** Every way to misbehave, by every adapter that has it. */
export const ALL_WAYS: readonly Misbehaving[] = [
  ...Object.entries(MISBEHAVIOURS).flatMap(([behaviour, { adapters = ['acp', 'command'] as const }]) =>
    adapters.map((adapter) => ({ name: `${adapter}-${behaviour.replaceAll(' ', '-')}`, adapter, behaviour })),
  ),
];

const definitionOf = ({ adapter, behaviour }: Misbehaving, mark: string) => ({
  type: adapter,
  command: [
    ...['node', join(ROOT, 'test/agents/misbehaving-agent.mjs'), adapter, behaviour, mark],
    ...(adapter === 'command' ? ['{prompt}'] : []),
  ],
  mounts: [join(ROOT, 'node_modules'), join(ROOT, 'test/agents')],
  ...(adapter === 'acp' ? { startSeconds: 600 } : {}),
  does: ['todo'],
});

const folderOf = (index: number) => `w${String(index + 1).padStart(2, '0')}`;

/** One repository with a note for each of so many agents. */
const makePlaceOfWork = (parent: string, name: string, count: number): Promise<string> =>
  makeRepository(parent, name, {
    'README.md': '# Atlas\n',
    'w00/free.md': '# Free\n',
    ...Object.fromEntries(
      Array.from({ length: count }, (_, index) => [
        `${folderOf(index)}/a.md`,
        '# A\n\nText. <!-- TODO: remove this -->\n',
      ]),
    ),
    '.hyper-run.json': '{ "verify": ["true"] }\n',
  });

/** Approves a plan in which each agent has one task; `byTask` says which. */
const begin = async (api: Api, repository: string, agents: readonly Misbehaving[]) => {
  const budgets = { wallSeconds: 1, toolCalls: 100 };
  const plan = await propose(api, { repository, scope: ['w*/**'], maxTasks: 50, budgets });
  expect(plan.tasks).toHaveLength(agents.length);
  const byTask = new Map(plan.tasks.map(({ taskId }, index) => [taskId as string, agents[index] as Misbehaving]));
  const tasks = [...byTask].map(([taskId, { name }]) => ({ taskId, agent: name }));
  const path = `/hyper-running/plans/${plan.planId}`;
  const edited = await api.patch<PlanAnswer>(path, { tasks }, { 'if-match': `"${plan.planHash}"` });
  expect(edited.status).toBe(200);
  expect((await api.post('/hyper-running/execute', approvalOf(edited.body))).status).toBe(202);
  return { sprintId: plan.planId, byTask };
};

type Begun = Awaited<ReturnType<typeof begin>>;

/** Resolves when the sprint has ended, however long that takes: questions are answered, limits raised, the hopeless given up. */
const watchOver = async (api: Api, { sprintId, byTask }: Begun): Promise<void> => {
  const live = await LiveEvents.open(api, { sprint: sprintId, type: 'task.blocked,sprint.paused,sprint.completed' });
  try {
    for (let seen = 0; !live.names.includes('sprint.completed');) {
      await live.reader.until(() => live.events.length > seen);
      if (live.reader.response.closed) throw new Error('The stream ended before the sprint.');
      for (const { taskid = '', type, data } of live.events.slice(seen)) {
        seen += 1;
        const { kind } = data as { readonly kind: string };
        const hopeless = MISBEHAVIOURS[byTask.get(taskid)?.behaviour ?? '']?.hopeless === true;
        const task = `/hyper-running/tasks/${taskid}`;
        if (type === 'hyperrun.sprint.paused') throw new Error(`The sprint is paused: ${JSON.stringify(data)}`);
        if (type !== 'hyperrun.task.blocked') continue;
        if (kind === 'question' && !hopeless) await api.post(`${task}/answer`, { text: 'atlas' });
        else if (hopeless) await api.post(`${task}/discard`, { reason: 'Given up.' });
        else await api.post(`${task}/answer`, { grant: { amount: 600 } });
      }
    }
  } finally {
    live.close();
  }
};

const expectRightEnds = (sprint: SprintAnswer, byTask: Begun['byTask']): void => {
  const ends = sprint.tasks.map(({ taskId, status, reason = '' }) => {
    const { name = '', behaviour = '' } = byTask.get(taskId) ?? {};
    const end = `${status}: ${reason}`;
    return MISBEHAVIOURS[behaviour]?.end.test(end) === true ? undefined : `${name} ended as ${end}`;
  });
  expect(ends.filter((end) => end !== undefined)).toEqual([]);
};

const expectOnlyWhatPassed = async (repository: string, sprint: SprintAnswer, events: readonly Recorded[]) => {
  const passed = sprint.tasks.filter(({ status }) => status === 'passed');
  const branches = passed.map(({ branch, commit }) => `${commit} ${branch}`);
  expect(new Set(await ourBranches(repository))).toEqual(new Set(branches));
  for (const { branch = '', taskId } of passed) {
    const { paths } = events.flatMap((one) => (one.type === 'task.queued' && one.taskId === taskId ? [one.data.task] : []))[0] ?? { paths: [] }; // prettier-ignore
    expect((await git(repository, 'diff', '--name-only', 'main', branch)).split('\n')).toEqual(paths);
  }
};

/** So many tasks in so many repositories at once, each by an agent that misbehaves; then nothing may be left of any of them. */
export const surviveMisbehaviour = async (sprints: readonly (readonly Misbehaving[])[]): Promise<void> => {
  const mark = `mark-${randomUUID()}`;
  const place: Place = await openPlace({ HYPER_RUN_CONCURRENCY: '4', HYPER_RUN_LEASE_SECONDS: '15' });
  const agents = Object.fromEntries(sprints.flat().map((one) => [one.name, definitionOf(one, mark)]));
  const service = launch(place, await withAgents(place, agents));
  try {
    const api = await service.ready;
    await Promise.all(
      sprints.map(async (some, index) => {
        const repository = await makePlaceOfWork(place.repositories, `atlas-${index}`, some.length);
        const before = await fingerprintOf(repository);
        const begun = await begin(api, repository, some);
        await watchOver(api, begun);
        const sprint = await readSprint(api, begun.sprintId);
        expectRightEnds(sprint, begun.byTask);
        const exported = await exportSprint(api, begun.sprintId);
        expect(exported.verified.valid).toBe(true);
        await expectOnlyWhatPassed(repository, sprint, exported.events);
        expect(compareFingerprints(before, await fingerprintOf(repository))).toEqual([]);
      }),
    );
    expect(await leftovers(place)).toEqual([]);
    expect(await processesWith(mark)).toEqual([]);
  } finally {
    await service.stop();
    await place.remove();
  }
};
