import { describe, expect, it } from '@jest/globals';
import type { TaskId } from '#contracts';
import { event } from './decider.js';
import {
  ada,
  bob,
  completed,
  integrationClaimed,
  integrationDecided,
  integrationRequested,
  started,
} from './plan.fixture.js';
import { specify } from './specification.fixture.js';
import { sprint, type SprintState } from './sprint.js';

const { given } = specify(sprint);
const t = (id: string) => id as TaskId;
const mixed = completed.map((told) =>
  told.type === 'sprint.task-settled' && told.data.taskId === 't-2'
    ? event('sprint.task-settled', { taskId: t('t-2'), outcome: 'failed' })
    : told,
);
const merging = [...completed, integrationRequested, integrationClaimed()];
const publishing = [...merging, integrationDecided];
const failure = { reason: 'They conflict.', conflicts: [], together: [], steps: [] };
const interrupted = (attempt: number) =>
  event('sprint.integration-interrupted', { worker: ada, attempt, reason: 'lost' });
const integrationOf = (state: SprintState) => (state.status === 'completed' ? state.integration : undefined);

describe('a completed sprint', () => {
  it('has all its passed tasks merged, in the order of the plan', () => {
    const { when } = given(...completed);
    expect(when({ type: 'request-integration' }).events()).toEqual([integrationRequested]);
    const turned = when({ type: 'request-integration', taskIds: [t('t-2'), t('t-1')] });
    expect(turned.events()).toEqual([integrationRequested]);
    expect(when({ type: 'request-integration', taskIds: [t('t-2')] }).events()).toMatchObject([
      { data: { taskIds: ['t-2'] } },
    ]);
  });

  it('does not merge what did not pass, nor what it does not know', () => {
    const { when } = given(...mixed);
    expect(when({ type: 'request-integration' }).events()).toMatchObject([{ data: { taskIds: ['t-1'] } }]);
    for (const id of ['t-2', 't-9'])
      expect(when({ type: 'request-integration', taskIds: [t('t-1'), t(id)] }).refusal()).toBe('task.not-passed');
    const failed = mixed.map((told) =>
      told.type === 'sprint.task-settled' ? { ...told, data: { ...told.data, outcome: 'failed' as const } } : told,
    );
    expect(
      given(...failed)
        .when({ type: 'request-integration' })
        .refusal(),
    ).toBe('sprint.nothing-passed');
  });

  it('has its merging called off by a person, until it is decided to publish', () => {
    const { when } = given(...merging);
    expect(when({ type: 'cancel', reason: 'Too early.' }).events()).toMatchObject([
      {
        type: 'sprint.integration-failed',
        data: { reason: 'It was cancelled: Too early.', conflicts: [], together: [] },
      },
    ]);
    for (const history of [completed, publishing])
      expect(
        given(...history)
          .when({ type: 'cancel', reason: 'Too late.' })
          .refusal(),
      ).toBe('sprint.completed');
  });

  it('stays completed with its heads, whatever is merged', () => {
    const { state } = given(...publishing, event('sprint.integrated', integrationDecided.data));
    expect(state).toMatchObject({ status: 'completed', outcome: 'completed', heads: [] });
  });
});

describe('a sprint that runs', () => {
  it('merges nothing yet', () => {
    const running = completed.slice(0, completed.indexOf(started) + 1);
    expect(
      given(...running)
        .when({ type: 'request-integration' })
        .refusal(),
    ).toBe('sprint.not-completed');
  });
});

describe('tasks that are being merged', () => {
  it('are not asked for again meanwhile, and by nobody else claimed', () => {
    expect(
      given(...merging)
        .when({ type: 'request-integration' })
        .refusal(),
    ).toBe('sprint.integrating');
    expect(
      given(...merging)
        .when({ type: 'claim-integration', worker: bob })
        .refusal(),
    ).toBe('job.taken');
  });

  it('become one branch: decided, then recorded, with what was decided', () => {
    const { when } = given(...publishing);
    const { attempt: _attempt, pack: _pack, sealed: _sealed, ...result } = integrationDecided.data;
    expect(when({ type: 'record-integrated', worker: ada }).events()).toEqual([event('sprint.integrated', result)]);
    expect(integrationOf(when({ type: 'record-integrated', worker: ada }).state())).toMatchObject({
      status: 'integrated',
      result: { branch: 'hyper-run/sprint-s-1' },
    });
    expect(
      given(...merging)
        .when({ type: 'record-integrated', worker: ada })
        .refusal(),
    ).toBe('job.gone');
  });

  it('fail with a reason, and may be asked for again', () => {
    const failed = given(...merging).when({ type: 'fail-integration', worker: ada, failure });
    expect(integrationOf(failed.state())).toMatchObject({ status: 'failed', failure });
    const again = given(...merging, event('sprint.integration-failed', failure));
    expect(again.when({ type: 'request-integration' }).events()).toEqual([integrationRequested]);
    expect(again.when({ type: 'claim-integration', worker: bob }).refusal()).toBe('job.gone');
  });

  it('are freed when their worker is lost, so that another may go on and the first may not', () => {
    const { when } = given(...merging);
    expect(when({ type: 'interrupt-integration', worker: bob, reason: 'lost' }).events()).toEqual([]);
    expect(when({ type: 'interrupt-integration', worker: ada, reason: 'lost' }).events()).toEqual([interrupted(1)]);
    const over = given(...merging, interrupted(1), integrationClaimed(bob, 2));
    for (const command of [
      { type: 'decide-integration', worker: ada, decided: integrationDecided.data } as const,
      { type: 'fail-integration', worker: ada, failure } as const,
      { type: 'record-integrated', worker: ada } as const,
    ])
      expect(over.when(command).refusal()).toBe('job.lost');
  });

  it('fail after as many interruptions as the plan has attempts; once decided, never', () => {
    const third = (events: typeof merging) =>
      given(...events.slice(0, -1), interrupted(1), integrationClaimed(ada, 3)).when({
        type: 'interrupt-integration',
        worker: ada,
        reason: 'lost',
      });
    expect(third(merging).events()).toMatchObject([interrupted(3), { type: 'sprint.integration-failed' }]);
    const decided = given(...publishing, interrupted(1), integrationClaimed(ada, 3));
    expect(decided.when({ type: 'interrupt-integration', worker: ada, reason: 'lost' }).events()).toEqual([
      interrupted(3),
    ]);
  });
});
