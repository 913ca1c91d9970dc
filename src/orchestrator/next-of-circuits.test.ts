import { describe, expect, it } from '@jest/globals';
import { event } from '#domain';
import { collected, failed, opened, openedInBoth } from '../../libs/domain/src/failing-agent.fixture.js';
import { claimed } from '../../libs/domain/src/plan.fixture.js';
import { worldOf } from '../../libs/domain/src/world.fixture.js';
import { limits } from './limits.fixture.js';
import { nextOfCircuits } from './next-of-circuits.js';

describe('the orchestrator, of an agent that keeps failing', () => {
  it('opens its circuit in every slot, with one alert for all', () => {
    const { steps } = nextOfCircuits(worldOf(...failed), 20_000, limits);
    const because = { taskId: 't-1', trouble: 'crashed' };
    const open = { type: 'open-circuit', failures: 3, until: 80_000, because };
    const causationId = 'task-t-1@7';
    const alert = {
      alertId: 'circuit-links-80000',
      text: 'links failed 3 times: its tasks wait for 1 min, then one of them is tried.',
    };
    expect(steps).toEqual([
      { kind: 'agent', agentId: 'links-1', command: { ...open, alert }, causationId },
      { kind: 'agent', agentId: 'links-2', command: open, causationId },
    ]);
  });
  it('goes on where it was ended in the middle of that, for the same time', () => {
    const half = worldOf(...failed, ['agent-links-1', opened(30_000)]);
    expect(nextOfCircuits(half, 25_000, limits).steps).toMatchObject([
      {
        agentId: 'links-2',
        command: { type: 'open-circuit', failures: 1, until: 30_000, because: { taskId: 't-1' } },
        causationId: 'task-t-1@7',
      },
    ]);
  });
  it('leaves it alone until its one try has ended, and closes it everywhere when that worked', () => {
    const trying = [...failed, ...openedInBoth(30_000), ['task-t-1', claimed(4)] as const];
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
