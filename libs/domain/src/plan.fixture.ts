// A small plan and its events, for tests of the rules.
import type {
  AgentId,
  Epoch,
  Oid,
  Plan,
  PlannedAgent,
  PlannedTask,
  RepositoryId,
  Sha256,
  SprintId,
  StreamName,
  TaskId,
  Version,
  WorkerId,
} from '#contracts';
import { event } from './decider.js';
import { planHash } from './plan-hash.js';

export const sprintId = 's-1' as SprintId;
export const repositoryId = 'r-1' as RepositoryId;
export const ada = 'w-ada' as WorkerId;
export const bob = 'w-bob' as WorkerId;

export const plannedTask = (id: string, paths = [`docs/${id}.md`]): PlannedTask => ({
  taskId: id as TaskId,
  title: `Mend ${id}`,
  kind: 'links',
  rationale: 'Its links lead nowhere.',
  evidence: paths.map((path, index) => ({
    findingId: `${index}`.padStart(16, '0'),
    source: 'links',
    rule: 'broken-link',
    path,
    range: { startLine: 1, endLine: 1 },
    excerpt: '[a](b.md)',
    message: 'There is no b.md.',
    how: 'by hand',
  })),
  paths,
  agent: 'links',
  agentDigest: 'links@1',
  instructions: 'Repair them.',
  verification: [],
  score: { total: 1, parts: [] },
});

export const planOf = (...tasks: readonly PlannedTask[]): Plan => {
  const plan = {
    planId: sprintId,
    repository: { repositoryId, path: '/r', name: 'r' },
    baseCommit: 'a'.repeat(40) as Oid,
    scope: ['docs/**'],
    tasks: [...tasks],
    findings: {
      total: 2,
      inScope: 2,
      needModel: 0,
      dismissed: 0,
      bySource: { links: { total: 2, inScope: 2 } },
      outside: [],
      protected: [],
    },
    verification: { setup: [], commands: [], weak: true, timeoutSeconds: 60, setupNetwork: false },
    grants: [],
    budgets: { wallSeconds: 600, toolCalls: 100, attempts: 3 },
    estimate: { seconds: 1, cost: 0 },
    checkout: { branch: 'main', dirty: false },
    createdAt: '2026-01-01T00:00:00.000Z',
    expiresAt: '2026-01-02T00:00:00.000Z',
  };
  return { ...plan, planHash: planHash(plan) };
};

export const plan = planOf(plannedTask('t-1'), plannedTask('t-2'));
export const beforeExpiry = Date.parse('2026-01-01T12:00:00Z');

export const requested = event('sprint.plan-requested', { sprintId, repositoryId, path: '/r', name: 'r' });
export const analysisClaimed = event('sprint.analysis-claimed', { worker: ada, attempt: 1 });
export const proposed = event('sprint.plan-proposed', { plan });
export const approved = event('sprint.plan-approved', {
  planHash: plan.planHash,
  taskIds: ['t-1' as TaskId, 't-2' as TaskId],
  declined: [],
  unattended: false,
});
export const baseVerified = (outcome: 'passed' | 'failed') =>
  event('sprint.base-verified', {
    outcome,
    tree: 'b'.repeat(40) as Oid,
    isolation: 'bwrap',
    weak: false,
    reused: false,
    steps: [],
    ...(outcome === 'failed' ? { reason: 'its tests fail' } : {}),
  });
export const started = event('sprint.started', { baseAccepted: false });
/** Of a sprint whose two tasks may be begun. */
export const running = [requested, analysisClaimed, proposed, approved, baseVerified('passed'), started] as const;
export const settled = (id: string) => event('sprint.task-settled', { taskId: id as TaskId, outcome: 'passed' });

export const queued = event('task.queued', {
  sprintId,
  repositoryId,
  repositoryPath: '/r',
  baseCommit: plan.baseCommit,
  scope: plan.scope,
  grants: [],
  task: plannedTask('t-1'),
  verification: plan.verification,
  budgets: plan.budgets,
});

const member = (kind: string) =>
  ({ kind, digest: `${kind}@1`, adapter: 'acp', workplace: 'sandbox' }) as const satisfies PlannedAgent;
/** The same, which `coder` and then `poet` may take over. */
export const passable = event('task.queued', {
  ...queued.data,
  task: { ...queued.data.task, fallbacks: ['coder', 'poet'] },
  fallbacks: [member('coder'), member('poet')],
});

export const claimed = (attempt = 1, agentId = 'links-1') =>
  event('task.claimed', { worker: ada, agentId: agentId as AgentId, attempt, epoch: attempt as Epoch });

/** A sprint whose two tasks passed, from its request to its end. */
export const completed = [
  ...running,
  settled('t-1'),
  settled('t-2'),
  event('sprint.completed', {
    outcome: 'completed',
    tasks: { passed: 2, failed: 0, cancelled: 0, declined: 0, discarded: 0 },
    heads: [],
  }),
] as const;
export const integrationRequested = event('sprint.integration-requested', {
  taskIds: ['t-1' as TaskId, 't-2' as TaskId],
});
export const integrationClaimed = (worker = ada, attempt = 1) =>
  event('sprint.integration-claimed', { worker, attempt });
export const integrationDecided = event('sprint.integration-decided', {
  attempt: 1,
  branch: 'hyper-run/sprint-s-1',
  commit: 'c'.repeat(40) as Oid,
  tree: 'd'.repeat(40) as Oid,
  taskIds: integrationRequested.data.taskIds,
  files: [],
  merged: [],
  isolation: 'bwrap',
  weak: false,
  steps: [],
  pack: 'e'.repeat(64) as Sha256,
  sealed: { stream: 'sprint-s-1' as StreamName, version: 11 as Version, hash: 'f'.repeat(64) as Sha256 },
});

export const publishDecided = event('task.publish-decided', {
  attempt: 1,
  tree: 'a'.repeat(40) as Oid,
  commit: 'b'.repeat(40) as Oid,
  branch: 'hyper-run/t-1',
  pack: 'c'.repeat(64) as Sha256,
  sealed: { stream: 'task-t-1' as StreamName, version: 2 as Version, hash: 'd'.repeat(64) as Sha256 },
});
