// The life of one sprint, from the request for a plan to its last event. A plan is a sprint that nobody approved yet.
import type { Decider } from './decider.js';
import { decideSprint, type SprintCommand } from './sprint-decisions.js';
import { evolveSprint, type SprintEvent, type SprintState } from './sprint-state.js';

export * from './sprint-state.js';
export {
  isIntegrating,
  type Integration,
  type IntegrationDecided,
  type IntegrationFailure,
  type OpenIntegration,
} from './integration-state.js';
export type { Claim, Job } from './job.js';
export { requireArchivable, type ModelCallEvent, type SprintCommand } from './sprint-decisions.js';

export const sprint: Decider<SprintState, SprintCommand, SprintEvent> = {
  initial: { status: 'absent' },
  decide: decideSprint,
  evolve: evolveSprint,
};
