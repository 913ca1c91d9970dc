// What may happen when passed tasks are to become one branch, and why not.
import { HyperRunError, type TaskId, type WorkerId } from '#contracts';
import { event } from './decider.js';
import {
  isIntegrating,
  type IntegrationDecided,
  type IntegrationEvent,
  type IntegrationFailure,
  type OpenIntegration,
} from './integration-state.js';
import { givenUp, holds, requireFree } from './job.js';
import type { Completed, SprintState } from './sprint-state.js';

export type IntegrationCommand =
  /** Left out: all that passed. */
  | { readonly type: 'request-integration'; readonly taskIds?: readonly TaskId[] }
  | { readonly type: 'claim-integration'; readonly worker: WorkerId }
  | { readonly type: 'interrupt-integration'; readonly worker: WorkerId; readonly reason: string }
  | { readonly type: 'decide-integration'; readonly worker: WorkerId; readonly decided: IntegrationDecided }
  | { readonly type: 'fail-integration'; readonly worker: WorkerId; readonly failure: IntegrationFailure }
  | { readonly type: 'record-integrated'; readonly worker: WorkerId };

const refuse = (code: string, message: string, details: Record<string, unknown> = {}): never => {
  throw new HyperRunError(code, message, details);
};

export const decideIntegration = (command: IntegrationCommand, state: SprintState): IntegrationEvent[] => {
  if (state.status !== 'completed')
    return refuse('sprint.not-completed', `This sprint is ${state.status}. Its tasks are merged when it is completed.`);
  if (command.type === 'request-integration') return request(command.taskIds, state);
  const { integration } = state;
  if (!isIntegrating(integration))
    return command.type === 'interrupt-integration' ? [] : refuse('job.gone', 'Nothing is to be merged any more.');
  if (command.type === 'claim-integration') {
    requireFree(integration.job);
    return [event('sprint.integration-claimed', { worker: command.worker, attempt: integration.job.attempts + 1 })];
  }
  if (command.type === 'interrupt-integration') return interrupt(command.reason, command.worker, integration, state);
  if (!holds(integration.job, command.worker))
    return refuse('job.lost', 'Another worker has taken over this integration.');
  return conclude(command, integration);
};

const request = (wish: readonly TaskId[] | undefined, state: Completed): IntegrationEvent[] => {
  if (isIntegrating(state.integration))
    return refuse(
      'sprint.integrating',
      'Tasks of this sprint are being merged at the moment. Wait for the end of that.',
    );
  const passed = state.taskIds.filter((id) => state.settled[id] === 'passed');
  if (passed.length === 0)
    return refuse('sprint.nothing-passed', 'No task of this sprint passed: nothing can be merged.');
  const chosen = wish ?? passed;
  const others = chosen.filter((id) => !passed.includes(id));
  if (others.length > 0)
    return refuse(
      'task.not-passed',
      `taskIds names what did not pass in this sprint: ${others.join(', ')}. These passed: ${passed.join(', ')}.`,
      { others },
    );
  const taskIds = passed.filter((id) => chosen.includes(id));
  return [event('sprint.integration-requested', { taskIds })];
};

const interrupt = (
  reason: string,
  worker: WorkerId,
  integration: OpenIntegration,
  state: Completed,
): IntegrationEvent[] => {
  const { claim } = integration.job;
  if (claim?.worker !== worker) return [];
  const { attempt } = claim;
  const interrupted = event('sprint.integration-interrupted', { worker, attempt, reason });
  // What was decided goes forward, however often.
  const ends = integration.status === 'merging' && attempt >= state.plan.budgets.attempts;
  return ends
    ? [interrupted, event('sprint.integration-failed', { ...nothingNamed, reason: givenUp(attempt) })]
    : [interrupted];
};

/** Nothing of it was published yet, and nothing will be. */
export const cancelIntegration = (reason: string): IntegrationEvent[] => [
  event('sprint.integration-failed', { ...nothingNamed, reason: `It was cancelled: ${reason}`.slice(0, 2000) }),
];

const nothingNamed = { conflicts: [], together: [], steps: [] };

const conclude = (
  command: Extract<IntegrationCommand, { type: 'decide-integration' | 'fail-integration' | 'record-integrated' }>,
  integration: OpenIntegration,
): IntegrationEvent[] => {
  switch (command.type) {
    case 'decide-integration':
      return integration.status === 'merging' ? [event('sprint.integration-decided', command.decided)] : [];
    case 'fail-integration':
      return [event('sprint.integration-failed', command.failure)];
    case 'record-integrated': {
      if (integration.status === 'merging') return refuse('job.gone', 'It was not decided to publish this yet.');
      const { attempt: _attempt, pack: _pack, sealed: _sealed, ...result } = integration.decided;
      return [event('sprint.integrated', result)];
    }
  }
};
