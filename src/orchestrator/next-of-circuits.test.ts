import { describe, expect, it } from '@jest/globals';
import type { AgentId, Epoch } from '#contracts';
import { event } from '#domain';
import * as fixture from '../../libs/domain/src/plan.fixture.js';
import { worldOf } from '../../libs/domain/src/world.fixture.js';
import { nextOfCircuits } from './next-of-circuits.js';
import type { Limits } from './next.js';

const limits = { circuit: { failures: 3, windowMs: 300_000, openMs: 60_000 } } as Limits;
const registered = (id: string) =>
  event('agent.registered', { agentId: id as AgentId, kind: 'links', name: id, role: 'Repairs links' });
const claimed = (attempt: number) =>
  event('task.claimed', { worker: fixture.ada, agentId: 'links-1' as AgentId, attempt, epoch: attempt as Epoch });
const crashed = (attempt: number) =>
  event('task.attempt-interrupted', { attempt, worker: fixture.ada, reason: 'x', trouble: 'crashed' });
const opened = (until: number) => event('agent.circuit-opened', { failures: 3, until });
const collected = event('task.candidate-collected', {
  attempt: 1,
  tree: fixture.publishDecided.data.tree,
  files: [],
  patch: fixture.publishDecided.data.pack,
});
const budgets = { ...fixture.plan.budgets, attempts: 9 };
const queued = (id: string) => event('task.queued', { ...fixture.queued.data, budgets, task: fixture.plannedTask(id) });

const sprint = [
  fixture.requested,
  fixture.analysisClaimed,
  fixture.proposed,
  fixture.approved,
  fixture.baseVerified('passed'),
  fixture.started,
].map((one) => ['sprint-s-1', one] as const);
const crew = ['links-1', 'links-2'].map((id) => [`agent-${id}`, registered(id)] as const);
const failing = [1, 2, 3].flatMap((attempt) =>
  [claimed(attempt), crashed(attempt)].map((one) => ['task-t-1', one] as const),
);
const tasks = ['t-1', 't-2'].map((id) => [`task-${id}`, queued(id)] as const);
const told = [...sprint, ...crew, ...tasks, ...failing];
const bothOpened = ['agent-links-1', 'agent-links-2'].map((stream) => [stream, opened(30_000)] as const);

describe('the orchestrator, of an agent that keeps failing', () => {
  it('opens its circuit in every slot, with one alert for all', () => {
    const { steps } = nextOfCircuits(worldOf(...told), 20_000, limits);
    const open = { type: 'open-circuit', failures: 3, until: 80_000 };
    const alert = {
      alertId: 'circuit-links-80000',
      text: 'links failed 3 times: its tasks wait for 1 min, then one of them is tried.',
    };
    expect(steps).toEqual([
      { kind: 'agent', agentId: 'links-1', command: { ...open, alert } },
      { kind: 'agent', agentId: 'links-2', command: open },
    ]);
  });
  it('goes on where it was ended in the middle of that, for the same time', () => {
    const half = worldOf(...told, ['agent-links-1', opened(30_000)]);
    expect(nextOfCircuits(half, 25_000, limits).steps).toEqual([
      { kind: 'agent', agentId: 'links-2', command: { type: 'open-circuit', failures: 1, until: 30_000 } },
    ]);
  });
  it('leaves it alone until its one try has ended, and closes it everywhere when that worked', () => {
    const trying = [...told, ...bothOpened, ['task-t-1', claimed(4)] as const];
    // Time passes by a second with every event of this log.
    const passing = Array.from(
      { length: 20 },
      () => ['system', event('alert.acknowledged', { alertId: 'x' })] as const,
    );
    expect(nextOfCircuits(worldOf(...trying, ...passing), 60_000, limits).steps).toEqual([]);
    const worked = worldOf(...trying, ...passing, ['task-t-1', collected]);
    expect(nextOfCircuits(worked, 60_000, limits).steps).toMatchObject([
      { agentId: 'links-1', command: { type: 'close-circuit' } },
      { agentId: 'links-2', command: { type: 'close-circuit' } },
    ]);
  });
});
