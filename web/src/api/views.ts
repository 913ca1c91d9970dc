// What the service answers, as far as this page reads it. OpenAPI: /openapi.json.
import type {
  EventData,
  Evidence,
  FileChange,
  Finding,
  FindingSource,
  Plan,
  PlannedAgent,
  PlannedTask,
  StepResult,
} from '#contracts';
import type { AgentStatus } from '#domain';

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next?: string;
}

export interface RepositoryView {
  readonly repositoryId: string;
  readonly path: string;
  readonly name: string;
  readonly running?: string;
  readonly dismissed: number;
}

export interface RepositoryPage extends Page<RepositoryView> {
  /** Folders within which repositories may be added. */
  readonly roots: readonly string[];
}

export type PlanStatus = 'analysing' | 'failed' | 'proposed' | 'approved' | 'rejected' | 'expired';
interface Asked {
  readonly planId: string;
  readonly repository: { readonly repositoryId: string; readonly path: string; readonly name: string };
  readonly requestedBy: string;
  readonly requestedAt: string;
  readonly cursor?: string;
}
export type PlanView =
  | (Asked & { readonly status: 'analysing' })
  | (Asked & { readonly status: 'failed'; readonly code: string; readonly reason: string })
  | (Asked &
      Plan & {
        readonly status: 'proposed' | 'approved' | 'rejected' | 'expired';
        readonly skipped: readonly { readonly source: string; readonly reason: string }[];
        readonly reason?: string;
        readonly decidedBy?: string;
        readonly decidedAt?: string;
        /** The tasks that were approved. */
        readonly taskIds?: readonly string[];
        readonly head?: { readonly commit: string; readonly moved: boolean; readonly changed: readonly string[] };
      });
export type ReadyPlan = Extract<PlanView, { tasks: unknown }>;

export type TaskStatus =
  | 'absent'
  | 'queued'
  | 'working'
  | 'blocked'
  | 'publishing'
  | 'passed'
  | 'failed'
  | 'cancelled'
  | 'declined'
  | 'discarded';

export interface TaskView {
  readonly taskId: string;
  readonly sprintId?: string;
  readonly title?: string;
  readonly agent?: string;
  readonly paths?: readonly string[];
  readonly status: TaskStatus;
  readonly outcome?: string;
  readonly stage?: 'agent' | 'verifying';
  readonly stalled?: boolean;
  readonly agentId?: string;
  readonly reason?: string;
  readonly kind?: string;
  readonly attempts: number;
  readonly files?: readonly FileChange[];
  readonly branch?: string;
  readonly commit?: string;
}
export interface TaskDetail extends TaskView {
  readonly task: PlannedTask;
}

export type SprintStatus = PlanStatus | 'running' | 'pausing' | 'paused' | 'cancelling' | 'completed' | 'cancelled';

export interface SprintView {
  readonly sprintId: string;
  readonly status: SprintStatus;
  readonly reason?: string;
  readonly repository: { readonly repositoryId: string; readonly path: string; readonly name: string };
  readonly plan?: Plan;
  readonly createdAt: string;
  readonly approvedBy?: string;
  readonly approvedAt?: string;
  readonly unattended?: boolean;
  readonly base?: EventData<'sprint.base-verified'>;
  /** When its clocks stood still. */
  readonly pauses?: readonly { readonly from: string; readonly until?: string }[];
  readonly completedAt?: string;
  readonly heads?: readonly { readonly stream: string; readonly version: number; readonly hash: string }[];
  readonly tasks: readonly TaskView[];
  readonly cursor: string;
}

export interface AgentView {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  readonly role: string;
  readonly status: AgentStatus;
  readonly currentTaskId?: string;
  readonly currentTaskSummary?: string;
  readonly lastSeen?: string;
  readonly lastProgress?: string;
  readonly circuitOpenUntil?: number;
  readonly isolation: string;
  readonly version: number;
}

export interface AgentKindView {
  readonly kind: string;
  readonly name: string;
  readonly role: string;
  readonly understandsWords: boolean;
  readonly does: readonly FindingSource[];
  readonly planned: PlannedAgent;
}

export interface AlertView {
  readonly alertId: string;
  readonly severity: 'info' | 'warning' | 'critical';
  readonly kind: string;
  readonly text: string;
  readonly time: string;
  readonly stream: string;
  readonly sprintId?: string;
  readonly taskId?: string;
  readonly acknowledgedBy?: string;
}

export interface FindingView extends Finding {
  readonly inScope: boolean;
  /** `protected`: in a file that only a grant lets a plan name. */
  readonly place: 'inside' | 'outside' | 'protected';
  readonly dismissed: boolean;
}

export interface FindingPage extends Page<FindingView> {
  readonly repositoryId: string;
  readonly commit?: string;
  /** The plan that the scan was made for, and its scope. */
  readonly planId?: string;
  readonly scope?: readonly string[];
  readonly scannedAt?: string;
  readonly total: number;
  readonly cursor: string;
}

/** An event of the log that this program cannot read, or that a part of what is shown could not take in. */
export interface ParkedEventView {
  /** The part that goes on without it. */
  readonly projection: string;
  readonly position: number;
  readonly stream: string;
  readonly version: number;
  /** Absent where it cannot be read: then the error says what stands there. */
  readonly type?: string;
  readonly error: string;
}

export interface HealthView {
  readonly status: 'ready';
  readonly durability: string;
  /** What of the acknowledged events a loss of power may take. */
  readonly lossWindow: string;
  /** `parked` are the first of them, `parkedEvents` is how many there are. */
  readonly projections: { readonly parkedEvents: number; readonly parked: readonly ParkedEventView[] };
  readonly memory: {
    readonly percent: number;
    readonly limitBytes: number;
    readonly takesNewSprints: boolean;
    /** Whose Redis is the fullest; absent where there is one. */
    readonly partition?: number;
  };
  readonly isolation: string;
  readonly redis: { readonly version: string; readonly address: string; readonly weaknesses: readonly string[] };
  readonly incarnation: string;
  readonly position: number;
  readonly cursor: string;
  readonly roles: readonly string[];
  /** Those that no process has; absent where Redis does not tell. */
  readonly absentRoles?: readonly string[];
  readonly pid: number;
  readonly serverTime: string;
}

export interface ReportView {
  readonly sprintId: string;
  readonly status: string;
  readonly tasks: readonly {
    readonly taskId: string;
    readonly outcome: string;
    readonly reason: string;
    readonly outputTail?: string;
    readonly verification: readonly (StepResult & { readonly run: number })[];
    readonly toolCalls: number;
    readonly refusals: number;
    readonly durationMs: number;
  }[];
  readonly additions: number;
  readonly deletions: number;
  readonly events: number;
  readonly cost: { readonly modelCalls: number; readonly tokens: number; readonly amount: number };
}

export type { Evidence, FileChange, Finding, Plan, PlannedAgent, PlannedTask, StepResult };
