// An agent with two slots that has failed three times, while two tasks of it wait.
import type { AgentId } from '#contracts';
import { event } from './decider.js';
import * as fixture from './plan.fixture.js';

const budgets = { ...fixture.plan.budgets, attempts: 9 };
const slots = ['links-1', 'links-2'];

export const crashed = (attempt: number) =>
  event('task.attempt-interrupted', { attempt, worker: fixture.ada, reason: 'x', trouble: 'crashed' });
export const collected = event('task.candidate-collected', {
  attempt: 1,
  tree: fixture.publishDecided.data.tree,
  files: [],
  patch: fixture.publishDecided.data.pack,
});
export const opened = (until: number) => event('agent.circuit-opened', { failures: 3, until });

export const sprint = fixture.running.map((one) => ['sprint-s-1', one] as const);
export const tasks = ['t-1', 't-2'].map(
  (id) =>
    [`task-${id}`, event('task.queued', { ...fixture.queued.data, budgets, task: fixture.plannedTask(id) })] as const,
);
export const failed = [
  ...sprint,
  ...slots.map((id) => {
    const agentId = id as AgentId;
    return [
      `agent-${id}`,
      event('agent.registered', { agentId, kind: 'links', name: id, role: 'Repairs links' }),
    ] as const;
  }),
  ...tasks,
  ...[1, 2, 3].flatMap((attempt) =>
    [fixture.claimed(attempt), crashed(attempt)].map((one) => ['task-t-1', one] as const),
  ),
];
export const openedInBoth = (until: number) => slots.map((id) => [`agent-${id}`, opened(until)] as const);
