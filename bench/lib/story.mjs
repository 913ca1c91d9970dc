import { planHash } from '../../dist/libs/domain/src/index.js';
import { commandHash, newId, RedisEventStore } from '../../dist/libs/event-store/src/index.js';

const BATCH = 200;
const SPRINT = 's-bench';
const AGENT = 'links-1';
const taskId = (number) => `t-bench-${number}`;

export const planned = (number) => ({
  taskId: taskId(number),
  title: `Mend the links of part ${number}`,
  kind: 'links',
  rationale: 'They lead nowhere.',
  evidence: [
    {
      findingId: String(number).padStart(16, '0'),
      source: 'links',
      rule: 'broken-link',
      path: `docs/part-${number}.md`,
      range: { startLine: 1, endLine: 1 },
      excerpt: '[a](b.md)',
      message: 'There is no b.md.',
      how: 'the bench',
    },
  ],
  paths: [`docs/part-${number}.md`],
  agent: 'links',
  agentDigest: 'links@1',
  instructions: '',
  verification: [],
  score: { total: 1, parts: [] },
});

const PLACE = { repositoryId: 'r-bench', path: '/srv/atlas', name: 'atlas' };

export const planOf = (tasks, { planId = SPRINT, repository = PLACE, baseCommit = 'a'.repeat(40) } = {}) => {
  const plan = {
    planId,
    repository,
    baseCommit,
    scope: ['docs/**'],
    tasks,
    findings: { total: 1, inScope: 1, needModel: 0, dismissed: 0, bySource: {}, outside: [], protected: [] },
    verification: { setup: [], commands: [], weak: true, timeoutSeconds: 60, setupNetwork: false },
    grants: [],
    budgets: { wallSeconds: 600, toolCalls: 1_000_000, attempts: 3 },
    estimate: { seconds: 1, cost: 0 },
    checkout: { branch: 'main', dirty: false },
    createdAt: '2026-01-01T00:00:00.000Z',
    expiresAt: '2036-01-01T00:00:00.000Z',
  };
  return { ...plan, planHash: planHash(plan) };
};

/**
 * A sprint that no agent ran, written into the log of a service that only answers: so many tasks, all claimed. `read`
 * appends so many events of one of them, 300 bytes each.
 */
export const beginStory = async (path, tasks) => {
  const store = await RedisEventStore.open({ redis: { path } });
  const versions = new Map();
  const write = async (stream, subjects, ...events) => {
    const version = versions.get(stream) ?? 0;
    const commandId = newId();
    await store.append({
      commandId,
      commandHash: commandHash(commandId),
      actor: 'worker:bench',
      writes: [{ stream, guard: { kind: 'exact', version }, subjects, events }],
    });
    versions.set(stream, version + events.length);
  };
  const plan = planOf(Array.from({ length: tasks }, (_, index) => planned(index + 1)));
  const place = PLACE;
  const taskIds = plan.tasks.map((task) => task.taskId);
  const agent = { agentId: AGENT, kind: 'links', name: 'Links', role: 'Mends broken links' };
  await write(`agent-${AGENT}`, { agentId: AGENT }, { type: 'agent.registered', data: agent });
  await write(
    `sprint-${SPRINT}`,
    { sprintId: SPRINT },
    { type: 'sprint.plan-requested', data: { sprintId: SPRINT, ...place } },
    { type: 'sprint.plan-proposed', data: { plan } },
    { type: 'sprint.plan-approved', data: { planHash: plan.planHash, taskIds, declined: [], unattended: false } },
    { type: 'sprint.started', data: { baseAccepted: true } },
  );
  const subjectsOf = (number) => ({ sprintId: SPRINT, taskId: taskId(number), agentId: AGENT });
  const { baseCommit, scope, grants, verification, budgets } = plan;
  for (const [index, task] of plan.tasks.entries()) {
    const spec = { sprintId: SPRINT, repositoryId: 'r-bench', repositoryPath: place.path, baseCommit, scope, grants };
    await write(
      `task-${task.taskId}`,
      subjectsOf(index + 1),
      { type: 'task.queued', data: { ...spec, verification, budgets, task } },
      { type: 'task.claimed', data: { worker: 'w-bench', agentId: AGENT, epoch: 1, attempt: 1 } },
    );
  }
  return {
    sprintId: SPRINT,
    async act(number, events) {
      for (let from = 0; from < events.length; from += BATCH)
        await write(`task-${taskId(number)}`, subjectsOf(number), ...events.slice(from, from + BATCH));
    },
    close: () => store.close(),
  };
};
