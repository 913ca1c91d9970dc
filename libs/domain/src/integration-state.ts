// Passed tasks of a completed sprint on their way to one branch: its states and how events lead from one to the next.
import type { EventData, EventOf, Instant, TaskId } from '#contracts';
import type { Told } from './decider.js';
import { claimedBy, released, type Job } from './job.js';

export type IntegrationEvent = EventOf<Extract<Told['type'], `sprint.integrat${string}`>>;
export type IntegrationDecided = EventData<'sprint.integration-decided'>;
export type IntegrationFailure = EventData<'sprint.integration-failed'>;

interface Wanted {
  /** In the order of the plan, which is the order in which they are merged. */
  readonly taskIds: readonly TaskId[];
  readonly requestedBy: string;
  readonly requestedAt: Instant;
}
interface Open extends Wanted {
  readonly job: Job;
}
/** `merging`: nothing that anyone could see was made yet. `publishing` goes only forward, whoever carries it out. */
export type Integration =
  | (Open & { readonly status: 'merging' })
  | (Open & { readonly status: 'publishing'; readonly decided: IntegrationDecided })
  | (Wanted & { readonly status: 'failed'; readonly failure: IntegrationFailure; readonly settledAt: Instant })
  | (Wanted & {
      readonly status: 'integrated';
      readonly result: EventData<'sprint.integrated'>;
      readonly settledAt: Instant;
    });

export type OpenIntegration = Extract<Integration, Open>;

export const isIntegrating = (state: Integration | undefined): state is OpenIntegration =>
  state?.status === 'merging' || state?.status === 'publishing';

const wanted = ({ taskIds, requestedBy, requestedAt }: Wanted): Wanted => ({ taskIds, requestedBy, requestedAt });

/** Undefined as long as nobody asked for it. */
export const evolveIntegration = (state: Integration | undefined, told: Told): Integration | undefined => {
  if (told.type === 'sprint.integration-requested') {
    const { taskIds } = told.data;
    return { status: 'merging', taskIds, requestedBy: told.actor, requestedAt: told.time, job: { attempts: 0 } };
  }
  if (!isIntegrating(state)) return state;
  switch (told.type) {
    case 'sprint.integration-claimed':
      return { ...state, job: claimedBy(told) };
    case 'sprint.integration-interrupted':
      return { ...state, job: released(state.job) };
    case 'sprint.integration-decided':
      return { ...wanted(state), status: 'publishing', job: state.job, decided: told.data };
    case 'sprint.integration-failed':
      return { ...wanted(state), status: 'failed', failure: told.data, settledAt: told.time };
    case 'sprint.integrated':
      return { ...wanted(state), status: 'integrated', result: told.data, settledAt: told.time };
    default:
      return state;
  }
};
