// The states of one sprint and how events lead from one to the next.
import type { EventData, EventOf, Instant, Plan, SealedHead, Sha256, SprintId, TaskId, TaskOutcome } from '#contracts';
import type { Pause } from './account.js';
import type { Told } from './decider.js';
import { evolveIntegration, type Integration } from './integration-state.js';
import { claimedBy, released, type Job } from './job.js';

export type SprintEvent = EventOf<Extract<Told['type'], `sprint.${string}`>>;

export type PlanRequest = EventData<'sprint.plan-requested'>;
export type BaseVerified = EventData<'sprint.base-verified'>;

interface Begun {
  readonly sprintId: SprintId;
  readonly request: PlanRequest;
  readonly requestedAt: Instant;
  readonly requestedBy: string;
}

export interface Analysing extends Begun {
  readonly status: 'analysing';
  readonly analysis: Job;
  readonly findings?: EventData<'sprint.analysis-completed'>;
}
export interface AnalysisFailed extends Begun {
  readonly status: 'failed';
  readonly code: string;
  readonly reason: string;
}
interface Planned extends Begun {
  readonly plan: Plan;
  /** All findings of the scan, by hash; absent for a follow-up, which is not scanned for. */
  readonly findings?: EventData<'sprint.analysis-completed'>;
}
export interface Proposed extends Planned {
  readonly status: 'proposed';
}
export interface Declined extends Planned {
  readonly status: 'rejected' | 'expired';
  readonly reason: string;
  readonly decidedBy: string;
  readonly decidedAt: Instant;
}
interface Approved extends Planned {
  readonly approvedBy: string;
  readonly approvedAt: Instant;
  readonly unattended: boolean;
  readonly taskIds: readonly TaskId[];
  readonly declined: readonly TaskId[];
  readonly settled: Readonly<Record<TaskId, TaskOutcome>>;
  readonly base?: BaseVerified;
  /** When its clocks stood still. */
  readonly pauses: readonly Pause[];
}
/** `approved`: the base is being verified. `pausing` becomes `paused` as soon as nothing is at work any more. */
export interface Active extends Approved {
  readonly status: 'approved' | 'running' | 'pausing' | 'paused' | 'cancelling';
  readonly baseJob: Job;
  /** It was paused over a red base: resuming it now accepts that base. */
  readonly baseAsked: boolean;
  /** A person resumed a sprint whose base is red: tasks run all the same. */
  readonly baseAccepted: boolean;
  readonly begun: boolean;
  readonly reason?: string;
  /** When it last began to pause or went on: clocks stand still in between. */
  readonly changedAt: Instant;
}
export interface Completed extends Approved {
  readonly status: 'completed';
  readonly outcome: 'completed' | 'cancelled';
  readonly completedAt: Instant;
  readonly heads: EventData<'sprint.completed'>['heads'];
  /** What became of the newest wish to merge its passed tasks. */
  readonly integration?: Integration;
  readonly archive?: ArchiveFacts;
  /** What was let go of after the time that the operator keeps it. */
  readonly dropped: readonly Dropped[];
}

export interface Dropped {
  readonly kind: EventData<'sprint.retention-applied'>['kind'];
  readonly at: Instant;
}

/** Where the events of a finished sprint stand. */
export interface ArchiveFacts {
  readonly digest: Sha256;
  readonly heads: readonly SealedHead[];
  readonly count: number;
  readonly bytes: number;
  readonly archivedAt: Instant;
  /** Files that held it before an event in it was redacted: no longer there. */
  readonly replaced: readonly Sha256[];
}

export type SprintState =
  { readonly status: 'absent' } | Analysing | AnalysisFailed | Proposed | Declined | Active | Completed;

export const isActive = (state: SprintState): state is Active => 'baseJob' in state;
export const isSettled = (state: Active): boolean => state.taskIds.every((id) => state.settled[id] !== undefined);

export const evolveSprint = (state: SprintState, told: Told): SprintState => {
  if (told.type === 'sprint.plan-requested')
    return {
      status: 'analysing',
      sprintId: told.data.sprintId,
      request: told.data,
      requestedAt: told.time,
      requestedBy: told.actor,
      analysis: { attempts: 0 },
    };
  if (state.status === 'analysing') return evolveAnalysing(state, told);
  if (state.status === 'proposed') return evolveProposed(state, told);
  if (state.status === 'completed') return evolveCompleted(state, told);
  return isActive(state) ? evolveActive(state, told) : state;
};

const evolveCompleted = (state: Completed, told: Told): SprintState => {
  if (told.type === 'sprint.archived') {
    const { digest, heads, count, bytes } = told.data;
    return { ...state, archive: { digest, heads, count, bytes, archivedAt: told.time, replaced: [] } };
  }
  if (told.type === 'sprint.retention-applied')
    return { ...state, dropped: [...state.dropped, { kind: told.data.kind, at: told.time }] };
  if (told.type === 'sprint.archive-replaced' && state.archive !== undefined) {
    const { digest, bytes, before } = told.data;
    return { ...state, archive: { ...state.archive, digest, bytes, replaced: [...state.archive.replaced, before] } };
  }
  const integration = evolveIntegration(state.integration, told);
  return integration === undefined ? state : { ...state, integration };
};

const evolveAnalysing = (state: Analysing, told: Told): SprintState => {
  switch (told.type) {
    case 'sprint.analysis-claimed':
      return { ...state, analysis: claimedBy(told) };
    case 'sprint.analysis-interrupted':
      return { ...state, analysis: released(state.analysis) };
    case 'sprint.analysis-failed':
      return { ...begun(state), status: 'failed', code: told.data.code, reason: told.data.reason };
    case 'sprint.plan-rejected':
      return { ...begun(state), status: 'failed', code: 'plan.rejected', reason: told.data.reason };
    case 'sprint.analysis-completed':
      return { ...state, findings: told.data };
    case 'sprint.plan-proposed':
      return { ...begun(state), ...findingsOf(state), status: 'proposed', plan: told.data.plan };
    default:
      return state;
  }
};

const begun = ({ sprintId, request, requestedAt, requestedBy }: Begun): Begun => ({
  sprintId,
  request,
  requestedAt,
  requestedBy,
});
const findingsOf = (state: Begun & Partial<Pick<Planned, 'findings'>>) =>
  state.findings === undefined ? {} : { findings: state.findings };

const decided = ({ actor, time }: Told) => ({ decidedBy: actor, decidedAt: time });

const evolveProposed = (state: Proposed, told: Told): SprintState => {
  switch (told.type) {
    case 'sprint.plan-edited':
      return { ...state, plan: told.data.plan };
    case 'sprint.plan-rejected':
      return { ...state, ...decided(told), status: 'rejected', reason: told.data.reason };
    case 'sprint.plan-expired':
      return { ...state, ...decided(told), status: 'expired', reason: 'Nobody decided on it in time.' };
    case 'sprint.plan-approved':
      return {
        ...state,
        status: 'approved',
        approvedBy: told.actor,
        approvedAt: told.time,
        unattended: told.data.unattended,
        taskIds: told.data.taskIds,
        declined: told.data.declined,
        settled: {},
        pauses: [],
        baseJob: { attempts: 0 },
        baseAsked: false,
        baseAccepted: false,
        begun: false,
        changedAt: told.time,
      };
    default:
      return state;
  }
};

/** Its clocks stand still from now on, if they do not already. */
const paused = (state: Active, at: Instant): Active => {
  const begun = state.pauses.some(({ until }) => until === undefined);
  return { ...state, changedAt: at, pauses: begun ? state.pauses : [...state.pauses, { from: at }] };
};

const evolveActive = (state: Active, told: Told): SprintState => {
  switch (told.type) {
    case 'sprint.base-verification-claimed':
      return { ...state, baseJob: claimedBy(told) };
    case 'sprint.base-verification-interrupted':
      return { ...state, baseJob: released(state.baseJob) };
    case 'sprint.base-verified':
      return { ...state, baseJob: released(state.baseJob), base: told.data };
    case 'sprint.started':
      return { ...state, status: 'running', begun: true, baseAccepted: told.data.baseAccepted, changedAt: told.time };
    case 'sprint.pausing':
      return { ...paused(state, told.time), status: 'pausing', reason: told.data.reason };
    case 'sprint.paused': {
      const baseAsked = state.base !== undefined && state.base.outcome !== 'passed';
      return { ...paused(state, told.time), status: 'paused', baseAsked, reason: told.data.reason };
    }
    case 'sprint.resumed':
      return {
        ...state,
        status: state.begun ? 'running' : 'approved',
        baseAccepted: state.baseAccepted || state.baseAsked,
        reason: undefined,
        changedAt: told.time,
        pauses: state.pauses.map((pause) => ({ until: told.time, ...pause })),
      };
    case 'sprint.cancelled':
      return { ...state, status: 'cancelling', reason: told.data.reason, changedAt: told.time };
    case 'sprint.task-settled':
      return { ...state, settled: { ...state.settled, [told.data.taskId]: told.data.outcome } };
    case 'sprint.completed': {
      const {
        baseJob: _job,
        baseAsked: _asked,
        baseAccepted: _accepted,
        begun: _begun,
        changedAt: _at,
        reason: _reason,
        ...kept
      } = state;
      return {
        ...kept,
        status: 'completed',
        outcome: told.data.outcome,
        completedAt: told.time,
        dropped: [],
        heads: told.data.heads,
      };
    }
    default:
      return state;
  }
};
