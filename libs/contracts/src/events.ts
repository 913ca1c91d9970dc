import { z } from 'zod';
import { AgentId, Epoch, Oid, RepositoryId, Sha256, SprintId, StreamName, TaskId, Version, WorkerId } from './ids.js';
import {
  BudgetName,
  Budgets,
  FindingCounts,
  FindingSource,
  Plan,
  MOST_FALLBACKS,
  PlannedAgent,
  PlannedTask,
  RequestedChanges,
  Trouble,
  Troubles,
  Verification,
} from './plan.js';

const sentence = z.string().max(2000);
const path = z.string().max(1024);
const attempt = z.number().int().positive();
const none = z.object({});

export const ISOLATIONS = ['overlay+bwrap', 'bwrap', 'none'] as const;
export const Isolation = z.enum(ISOLATIONS);
export type Isolation = z.infer<typeof Isolation>;

/** The end of a command's output; the whole of it is an artefact, by its hash. */
export const Output = z.object({
  tail: z.string().max(8192),
  bytes: z.number().int().nonnegative(),
  artifact: Sha256.optional(),
});
export type Output = z.infer<typeof Output>;

export const FileChange = z.object({
  path,
  change: z.enum(['added', 'modified', 'deleted']),
  additions: z.number().int().nonnegative(),
  deletions: z.number().int().nonnegative(),
});
export type FileChange = z.infer<typeof FileChange>;

/** Tests that a command says it ran; absent where the runner is not one we can count. */
export const TestCount = z.object({
  runner: z.string().max(40),
  passed: z.number().int(),
  failed: z.number().int(),
  skipped: z.number().int(),
});
export type TestCount = z.infer<typeof TestCount>;

export const StepResult = z.object({
  name: z.string().max(120),
  command: z.string().max(2000),
  outcome: z.enum(['passed', 'failed', 'timed-out', 'could-not-start']),
  exitCode: z.number().int().nullable(),
  durationMs: z.number().nonnegative(),
  output: Output,
  tests: TestCount.optional(),
});
export type StepResult = z.infer<typeof StepResult>;

/** A recorded place in a stream and the hash of all that came before it, itself included. */
export const SealedHead = z.object({ stream: StreamName, version: Version, hash: Sha256 });
export type SealedHead = z.infer<typeof SealedHead>;

const instant = z.number().int().nonnegative();

const Failing = z.object({ taskId: TaskId, trouble: Trouble });

/** What the events of archived tasks still mean for the present: a start need not read them again. */
export const ArchivedLeft = z.object({
  /** How often each kind of agent tried a kind of finding, and solved it. */
  records: z.array(
    z.object({
      agent: z.string().max(40),
      kind: FindingSource,
      passed: z.number().int().nonnegative(),
      tried: z.number().int().nonnegative(),
    }),
  ),
  /** How each agent was left, at the position of the last event that says something about it. */
  agents: z.array(
    z.object({
      agentId: AgentId,
      status: z.enum(['idle', 'working', 'blocked', 'stalled', 'error', 'offline']),
      lastSeen: instant,
      lastProgress: instant.optional(),
      position: z.number().int().positive(),
    }),
  ),
  alerts: z.array(
    z.object({
      alertId: z.string().max(64),
      severity: z.enum(['info', 'warning', 'critical']),
      kind: z.string().max(80),
      text: sentence,
      time: instant,
      stream: StreamName,
      sprintId: SprintId.optional(),
      taskId: TaskId.optional(),
      acknowledgedBy: z.string().max(200).optional(),
      position: z.number().int().positive(),
    }),
  ),
  /** When kinds of agents failed at them, as far as that still counted for their circuits. */
  circuits: z
    .array(
      z.object({
        kind: z.string().max(40),
        failures: z.array(instant).max(20),
        /** The newest of its failures, where that was one of theirs; absent in logs of earlier versions. */
        last: z.object({ because: Failing, at: instant, eventId: z.string().max(64).optional() }).optional(),
      }),
    )
    .optional(),
});
export type ArchivedLeft = z.infer<typeof ArchivedLeft>;

/** Something that an agent needs to know from a person before it can go on. */
export const Question = z.object({
  questionId: z.string().max(64),
  text: sentence.min(1),
  /** The answers to choose from; none: any text will do. */
  options: z.array(z.object({ id: z.string().max(64), label: z.string().max(200) })).max(20),
});
export type Question = z.infer<typeof Question>;

/** A limit that was reached, of a task or of its whole sprint. */
export const SpentBudget = z.object({
  budget: BudgetName,
  of: z.enum(['task', 'sprint']),
  limit: z.number(),
  used: z.number(),
});
export type SpentBudget = z.infer<typeof SpentBudget>;

/** What a task waits for: somebody to make publishing possible, to grant more, or to answer. */
export const BlockKind = z.enum(['publishing', 'budget', 'question']);
export type BlockKind = z.infer<typeof BlockKind>;

export const TaskOutcome = z.enum(['passed', 'failed', 'cancelled', 'declined', 'discarded']);
export type TaskOutcome = z.infer<typeof TaskOutcome>;

/** `observed`: we did it for the agent, or saw it. `reported`: the agent says so. */
const origin = z.enum(['observed', 'reported']);
/** Absent: through a tool. A program of the agent did it by itself, and it was seen afterwards. */
const byProgram = z.literal('program').optional();
const action = <T extends z.ZodRawShape>(shape: T) => z.object({ attempt, origin, ...shape });

const modelCalled = {
  callId: z.string().max(64),
  model: z.string().max(200),
  host: z.string().max(255).optional(),
};
const modelAnswered = {
  callId: z.string().max(64),
  inputTokens: z.number().int(),
  outputTokens: z.number().int(),
  cost: z.number().nonnegative(),
  durationMs: z.number(),
  /** The provider did not count, or the call was broken off: from the length of what was sent. */
  estimated: z.boolean().optional(),
  error: sentence.optional(),
};

/** Passed tasks of a sprint as one branch. */
const integrated = {
  branch: z.string().max(255),
  commit: Oid,
  tree: Oid,
  taskIds: z.array(TaskId).min(1).max(50),
  files: z.array(FileChange).max(1000),
  /** Files that several tasks changed, merged without a conflict. */
  merged: z.array(z.object({ path, taskIds: z.array(TaskId).max(50) })).max(100),
  isolation: Isolation,
  weak: z.boolean(),
  steps: z.array(StepResult).max(40),
};

export const FailureKind = z.enum([
  'agent-failed',
  'no-change',
  'scope-violated',
  'verification-failed',
  'attempts-exhausted',
  'refused',
  'unanswered',
]);
export type FailureKind = z.infer<typeof FailureKind>;

/** The one schema of every event. Names are stable and never derived from classes. */
export const eventSchemas = {
  'repository.registered': z.object({
    repositoryId: RepositoryId,
    path: z.string().max(4096),
    name: z.string().max(255),
  }),
  'repository.sprint-started': z.object({ sprintId: SprintId }),
  'repository.sprint-ended': z.object({ sprintId: SprintId }),
  'repository.finding-dismissed': z.object({ findingId: z.string().max(16), reason: sentence }),

  'sprint.plan-requested': z.object({
    sprintId: SprintId,
    repositoryId: RepositoryId,
    path: z.string().max(4096),
    name: z.string().max(255),
    scope: z.array(path).max(100).optional(),
    maxTasks: z.number().int().min(1).max(50).optional(),
    focus: z.string().max(200).optional(),
    /** Protected paths that the plan may name all the same. */
    grants: z.array(path).max(50).optional(),
    follows: TaskId.optional(),
    /** Where a follow-up starts instead of from a scan: the task that is to be done again. */
    followTask: PlannedTask.optional(),
    /** What is to be different this time. */
    changes: RequestedChanges.optional(),
    /** Kind of the agent that whoever asks wants. */
    agent: z.string().max(40).optional(),
    /** What whoever asks wants to spend at most, where that is something else than the repository says. */
    budgets: Budgets.partial().optional(),
  }),
  'sprint.analysis-claimed': z.object({ worker: WorkerId, attempt }),
  'sprint.analysis-interrupted': z.object({ worker: WorkerId, attempt, reason: sentence }),
  /** A model is asked to choose and word the tasks of the plan; what it may change is in the plan alone. */
  'sprint.model-call-started': z.object({ attempt, ...modelCalled }),
  'sprint.model-call-finished': z.object({ attempt, ...modelAnswered }),
  'sprint.analysis-failed': z.object({ code: z.string().max(80), reason: sentence }),
  'sprint.analysis-completed': z.object({
    baseCommit: Oid,
    findings: FindingCounts,
    /** All findings, as a JSON array. */
    artifact: Sha256,
    files: z.number().int(),
    durationMs: z.number(),
    /** Sources that could not run, and why: nothing is left out in silence. */
    skipped: z.array(z.object({ source: z.string().max(40), reason: sentence })).max(20),
  }),
  'sprint.plan-proposed': z.object({ plan: Plan }),
  'sprint.plan-edited': z.object({ plan: Plan, summary: sentence }),
  'sprint.plan-approved': z.object({
    planHash: Sha256,
    taskIds: z.array(TaskId).min(1).max(50),
    declined: z.array(TaskId).max(50),
    unattended: z.boolean(),
  }),
  'sprint.plan-rejected': z.object({ reason: sentence }),
  'sprint.plan-expired': none,
  'sprint.base-verification-claimed': z.object({ worker: WorkerId, attempt }),
  'sprint.base-verification-interrupted': z.object({ worker: WorkerId, attempt, reason: sentence }),
  'sprint.base-verified': z.object({
    outcome: z.enum(['passed', 'failed', 'missing']),
    reason: sentence.optional(),
    tree: Oid,
    isolation: Isolation,
    weak: z.boolean(),
    reused: z.boolean(),
    steps: z.array(StepResult).max(40),
    /** Hosts that the set-up asked for and that the plan does not grant. */
    refusedHosts: z.array(z.string().max(255)).max(20).optional(),
  }),
  'sprint.started': z.object({ baseAccepted: z.boolean() }),
  'sprint.pausing': z.object({ reason: sentence }),
  'sprint.paused': z.object({ reason: sentence }),
  'sprint.resumed': none,
  'sprint.cancelled': z.object({ reason: sentence }),
  'sprint.task-settled': z.object({ taskId: TaskId, outcome: TaskOutcome }),
  'sprint.integration-requested': z.object({ taskIds: z.array(TaskId).min(1).max(50) }),
  'sprint.integration-claimed': z.object({ worker: WorkerId, attempt }),
  'sprint.integration-interrupted': z.object({ worker: WorkerId, attempt, reason: sentence }),
  /** No branch was made. `conflicts`: what cannot be merged; `together`: tasks that fail only with one another. */
  'sprint.integration-failed': z.object({
    reason: sentence,
    conflicts: z.array(z.object({ path, taskIds: z.array(TaskId).max(50) })).max(100),
    together: z.array(TaskId).max(50),
    steps: z.array(StepResult).max(40),
  }),
  /** It was merged and verified: from here it goes only forward. */
  'sprint.integration-decided': z.object({
    attempt,
    ...integrated,
    /** The commit and its new objects as a git pack, an artefact on disk, synced before this was written. */
    pack: Sha256,
    sealed: SealedHead,
  }),
  'sprint.integrated': z.object(integrated),
  'sprint.completed': z.object({
    outcome: z.enum(['completed', 'cancelled']),
    tasks: z.record(TaskOutcome, z.number().int()),
    heads: z.array(SealedHead).max(100),
  }),
  /** What the operator lets go of after a time: written before it goes. Heads and seals stay for ever. */
  'sprint.retention-applied': z.object({
    kind: z.enum(['outputs', 'patches', 'archives']),
    count: z.number().int().nonnegative(),
    /** The time after the end of the sprint, as it was configured. */
    after: z.string().max(40),
  }),
  /** Another file has taken its place: an event in it was redacted. Heads and count are the same. */
  'sprint.archive-replaced': z.object({ digest: Sha256, bytes: z.number().int().positive(), before: Sha256 }),
  /** All streams of the sprint stand in a file; those of its tasks are read from there from now on. */
  'sprint.archived': z.object({
    /** SHA-256 of the file. */
    digest: Sha256,
    /** Where each stream ends in it. */
    heads: z.array(SealedHead).max(101),
    count: z.number().int().positive(),
    bytes: z.number().int().positive(),
    left: ArchivedLeft,
  }),

  'task.queued': z.object({
    sprintId: SprintId,
    repositoryId: RepositoryId,
    repositoryPath: z.string().max(4096),
    baseCommit: Oid,
    scope: z.array(path).max(100),
    grants: z.array(path).max(50),
    task: PlannedTask,
    verification: Verification,
    budgets: Budgets,
    /** Absent: as usual. */
    troubles: Troubles.optional(),
    /** What the approved plan gives the task's agent. Absent in logs of earlier versions. */
    agent: PlannedAgent.optional(),
    /** Those that may take it over, in this order, with what the plan gives them; absent: none. */
    fallbacks: z.array(PlannedAgent).max(MOST_FALLBACKS).optional(),
  }),
  'task.claimed': z.object({ worker: WorkerId, agentId: AgentId, epoch: Epoch, attempt }),
  'task.attempt-interrupted': z.object({
    attempt,
    worker: WorkerId,
    reason: sentence,
    trouble: Trouble.optional(),
    /** Left alone for so long, from this event's time on, before it is tried again. */
    retryAfterMs: z.number().int().nonnegative().optional(),
  }),
  /** Another agent is to do it from now on, one that the approved plan names for that. `by`: whose choice it was. */
  'task.reassigned': z.object({
    attempt: z.number().int().nonnegative(),
    from: z.string().max(40),
    to: z.string().max(40),
    trouble: Trouble,
    by: z.enum(['policy', 'person']),
    reason: sentence,
  }),
  'task.blocked': z.object({
    attempt,
    kind: BlockKind,
    reason: sentence,
    question: Question.optional(),
    spent: SpentBudget.optional(),
  }),
  /** Ends a block. `granted` raises the limit that was reached by so much; `timedOut`: nobody answered in time. */
  'task.answered': z.object({
    attempt,
    kind: BlockKind,
    questionId: z.string().max(64).optional(),
    choice: z.string().max(64).optional(),
    text: z.string().max(4000),
    granted: z.object({ budget: BudgetName, of: z.enum(['task', 'sprint']), amount: z.number().positive() }).optional(),
    timedOut: z.boolean(),
  }),
  'task.stalled': z.object({ attempt, silentMs: z.number() }),
  /** Its sprint is to pause, and nothing of this attempt goes on any more. */
  'task.held': z.object({ attempt }),
  'task.progressed-again': z.object({ attempt }),
  'task.budget-exceeded': z.object({
    attempt,
    budget: z.string().max(40),
    of: z.enum(['task', 'sprint']).optional(),
    limit: z.number(),
    used: z.number(),
  }),
  'task.tool-refused': z.object({
    attempt,
    tool: z.string().max(80),
    path: z.string().max(2048).optional(),
    code: z.string().max(80),
    reason: sentence,
    count: z.number().int(),
  }),
  'task.candidate-collected': z.object({ attempt, tree: Oid, files: z.array(FileChange).max(1000), patch: Sha256 }),
  'task.scope-violated': z.object({
    attempt,
    stage: z.enum(['collect', 'gate']),
    violations: z.array(z.object({ path: z.string().max(2048), rule: z.string().max(200) })).max(100),
  }),
  'task.gate-passed': z.object({ attempt, tree: Oid, files: z.number().int() }),
  'task.verification-started': z.object({
    attempt,
    run: z.number().int(),
    tree: Oid,
    isolation: Isolation,
    weak: z.boolean(),
  }),
  'task.verification-step-finished': z.object({ attempt, run: z.number().int(), step: StepResult }),
  'task.verification-passed': z.object({
    attempt,
    tree: Oid,
    isolation: Isolation,
    weak: z.boolean(),
    findingsGone: z.number().int(),
  }),
  'task.verification-failed': z.object({ attempt, tree: Oid, reason: sentence }),
  'task.publish-decided': z.object({
    attempt,
    tree: Oid,
    commit: Oid,
    branch: z.string().max(255),
    /** The commit and its new objects as a git pack, an artefact on disk, synced before this was written. */
    pack: Sha256,
    sealed: SealedHead,
  }),
  'task.branch-published': z.object({ branch: z.string().max(255), commit: Oid }),
  'task.passed': z.object({ branch: z.string().max(255), commit: Oid }),
  'task.failed': z.object({
    attempt: z.number().int().nonnegative(),
    kind: FailureKind,
    reason: sentence,
    trouble: Trouble.optional(),
  }),
  'task.cancelled': z.object({ reason: sentence }),
  'task.declined': z.object({ sprintId: SprintId, task: PlannedTask }),
  'task.discarded': z.object({ reason: sentence }),

  'action.hafs-queried': action({ query: z.string().max(1000), results: z.number().int(), top: z.array(path).max(10) }),
  'action.file-read': action({
    path,
    bytes: z.number().int(),
    /** Of a part of it: the lines that were asked for. */
    lines: z.object({ from: z.number(), to: z.number() }).optional(),
  }),
  'action.file-written': action({ path, bytes: z.number().int(), content: Sha256, by: byProgram }),
  'action.file-deleted': action({ path, by: byProgram }),
  'action.command-started': action({ callId: z.string().max(64), command: z.string().max(4000) }),
  'action.command-finished': action({
    callId: z.string().max(64),
    exitCode: z.number().int().nullable(),
    durationMs: z.number(),
    output: Output,
  }),
  'action.model-call-started': action(modelCalled),
  'action.model-call-finished': action(modelAnswered),
  'action.tool-called': action({
    callId: z.string().max(64),
    tool: z.string().max(80),
    summary: z.string().max(2000),
    /** Of an agent's own tool, as it reports it: one event per change of state. */
    status: z.enum(['started', 'finished', 'failed']).optional(),
    paths: z.array(path).max(20).optional(),
  }),
  'action.permission-asked': action({
    callId: z.string().max(64),
    tool: z.string().max(80),
    summary: z.string().max(2000),
    options: z.array(z.object({ id: z.string().max(64), label: z.string().max(200) })).max(20),
  }),
  'action.permission-answered': action({
    callId: z.string().max(64),
    outcome: z.enum(['allowed', 'refused', 'cancelled']),
    by: z.enum(['policy', 'person']),
    option: z.string().max(64).optional(),
    reason: sentence,
  }),
  'action.message-said': action({
    text: z.string().max(8192),
    /** `prompt`: it repeats what it was told; `summary`: it sums up what it is about to forget. */
    kind: z.enum(['message', 'thought', 'plan', 'prompt', 'summary']).optional(),
  }),
  /** Something about its session changed, and no work was done by that. */
  'action.session-updated': action({
    what: z.enum(['mode', 'commands', 'options', 'title', 'usage', 'notice', 'compaction', 'unknown']),
    summary: z.string().max(2000),
    /** Of its context, in tokens. */
    usage: z.object({ used: z.number().nonnegative(), size: z.number().nonnegative() }).optional(),
  }),

  'agent.registered': z.object({
    agentId: AgentId,
    kind: z.string().max(40),
    name: z.string().max(80),
    role: z.string().max(200),
  }),
  'agent.circuit-opened': z.object({
    failures: z.number().int(),
    until: z.number(),
    /** The last of those failures; absent in logs of earlier versions. The event that tells of it is what led to this one. */
    because: Failing.optional(),
  }),
  'agent.circuit-closed': none,
  'agent.deregistered': z.object({ reason: sentence }),

  'alert.raised': z.object({
    alertId: z.string().max(64),
    severity: z.enum(['info', 'warning', 'critical']),
    kind: z.string().max(80),
    text: sentence,
  }),
  'alert.acknowledged': z.object({ alertId: z.string().max(64) }),
  /** Somebody wants the data of an event taken out: written before anything is. */
  'event.redaction-requested': z.object({
    eventId: z.string().max(64),
    version: Version,
    position: z.number().int().positive(),
    /** SHA-256 of the data as they were stored: the seal holds with it. */
    digest: Sha256,
    /** The texts that are taken out. */
    fields: z.array(z.string().max(200)).max(500),
    /** Artefacts that go with them. */
    artifacts: z.array(Sha256).max(100),
    reason: sentence,
  }),
  /** They are gone from the log, the archive and the artefacts. */
  'event.redacted': z.object({ eventId: z.string().max(64), version: Version, digest: Sha256, reason: sentence }),
  'system.incarnation-started': z.object({ incarnation: z.string().max(40), reason: sentence }),
} as const;

export type EventType = keyof typeof eventSchemas;
export type EventData<T extends EventType> = z.infer<(typeof eventSchemas)[T]>;
export type EventOf<T extends EventType> = T extends EventType
  ? { readonly type: T; readonly data: EventData<T> }
  : never;
export type AnyEvent = EventOf<EventType>;

export const isEventType = (type: string): type is EventType => Object.hasOwn(eventSchemas, type);

/** Version of the schema that is written today; older records are lifted to it on read by `upcast`. */
export const SCHEMA_VERSION = 1;
