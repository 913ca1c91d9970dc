// How plans, sprints and tasks look from outside: the shapes.
import { z } from 'zod';
import {
  BlockKind,
  BudgetName,
  eventSchemas,
  FailureKind,
  FileChange,
  Finding,
  Oid,
  Plan,
  PlannedTask,
  Question,
  RepositoryId,
  SealedHead,
  Sha256,
  SpentBudget,
  SprintId,
  TaskId,
  TaskOutcome,
} from '#contracts';
import { momentPageSchema, named, type Told } from '../http/schemas.js';

const time = z.iso.datetime();
const repository = z.object({ repositoryId: RepositoryId, path: z.string(), name: z.string() });
const asked = {
  planId: SprintId,
  repository,
  requestedBy: z.string(),
  requestedAt: time,
  /** Where in the log the effect of a write is visible; reads leave it out. */
  cursor: z.string().optional(),
};

export const PlanView = named(
  'PlanView',
  z.discriminatedUnion('status', [
    z.object({ ...asked, status: z.literal('analysing') }),
    z.object({ ...asked, status: z.literal('failed'), code: z.string(), reason: z.string() }),
    Plan.extend({
      ...asked,
      status: z.enum(['proposed', 'approved', 'rejected', 'expired']),
      skipped: z.array(z.object({ source: z.string(), reason: z.string() })),
      reason: z.string().optional(),
      /** Who approved or rejected it, and when; the tasks that were approved. */
      decidedBy: z.string().optional(),
      decidedAt: time.optional(),
      taskIds: z.array(TaskId).optional(),
      /** Of a proposed plan: whether the repository has gone on since, and which of the plan's files have changed. */
      head: z.object({ commit: Oid, moved: z.boolean(), changed: z.array(z.string()) }).optional(),
    }),
  ]),
);
export type PlanView = Told<typeof PlanView>;
export const PlanPage = named('PlanPage', momentPageSchema(PlanView));

const BudgetUse = named(
  'BudgetUse',
  z.object({
    budget: BudgetName,
    /** As far as events have told: seconds of work, calls, tokens, US dollars. */
    used: z.number(),
    /** What was approved and granted since; absent: none. */
    limit: z.number().optional(),
  }),
);

export const TaskView = named(
  'TaskView',
  z.object({
    taskId: TaskId,
    sprintId: SprintId.optional(),
    title: z.string().optional(),
    /** Who is to do it now, or did it at last. */
    agent: z.string().optional(),
    /** Who had it before, and why it went on. */
    reassigned: z.array(eventSchemas['task.reassigned'].extend({ at: time })).optional(),
    paths: z.array(z.string()).optional(),
    status: z.enum(['absent', 'queued', 'working', 'blocked', 'publishing', ...TaskOutcome.options]),
    outcome: TaskOutcome.optional(),
    stage: z.enum(['agent', 'verifying']).optional(),
    stalled: z.boolean().optional(),
    agentId: z.string().optional(),
    reason: z.string().optional(),
    kind: FailureKind.optional(),
    /** Absent where the events of the task cannot be read. */
    attempts: z.number().int().optional(),
    files: z.array(FileChange).optional(),
    branch: z.string().optional(),
    commit: Oid.optional(),
    /** What it waits for a person for, and since when. */
    blocked: z
      .object({ kind: BlockKind, since: time, question: Question.optional(), spent: SpentBudget.optional() })
      .optional(),
    /** All attempts together. */
    budgets: z.array(BudgetUse).optional(),
  }),
);
export type TaskView = Told<typeof TaskView>;
export const TaskDetail = named('TaskDetail', TaskView.extend({ task: PlannedTask }));
export const TaskChanged = named('TaskChanged', TaskView.extend({ cursor: z.string() }));

const integrated = eventSchemas['sprint.integrated'].shape;
const failed = eventSchemas['sprint.integration-failed'].shape;

/** The newest wish to have passed tasks as one branch, and what became of it. */
export const IntegrationView = named(
  'IntegrationView',
  z.object({
    status: z.enum(['merging', 'publishing', 'failed', 'integrated']),
    taskIds: z.array(TaskId),
    requestedBy: z.string(),
    requestedAt: time,
    settledAt: time.optional(),
    branch: integrated.branch.optional(),
    commit: Oid.optional(),
    tree: Oid.optional(),
    files: integrated.files.optional(),
    merged: integrated.merged.optional(),
    isolation: integrated.isolation.optional(),
    weak: z.boolean().optional(),
    /** Why there is no branch. */
    reason: z.string().optional(),
    conflicts: failed.conflicts.optional(),
    together: failed.together.optional(),
    steps: integrated.steps.optional(),
  }),
);
export type IntegrationView = Told<typeof IntegrationView>;

export const SprintView = named(
  'SprintView',
  z.object({
    sprintId: SprintId,
    status: z.enum([
      'analysing',
      'failed',
      'proposed',
      'rejected',
      'expired',
      'approved',
      'running',
      'pausing',
      'paused',
      'cancelling',
      'completed',
      'cancelled',
    ]),
    reason: z.string().optional(),
    repository,
    plan: Plan.optional(),
    createdAt: time,
    approvedBy: z.string().optional(),
    approvedAt: time.optional(),
    unattended: z.boolean().optional(),
    base: eventSchemas['sprint.base-verified'].optional(),
    completedAt: time.optional(),
    archive: z
      .object({ digest: Sha256, events: z.number().int(), bytes: z.number().int(), archivedAt: z.iso.datetime() })
      .optional(),
    heads: z.array(SealedHead).optional(),
    integration: IntegrationView.optional(),
    /** In lists: what keeps the events of its tasks from being read; of them only what the sprint itself knows is told. */
    unreadable: z.string().optional(),
    tasks: z.array(TaskView),
    /** When its clocks stood still: what was used is counted without that. Without an end, they still do. */
    pauses: z.array(z.object({ from: time, until: time.optional() })).optional(),
    /** What all tasks have used together. */
    budgets: z.array(BudgetUse).optional(),
    cursor: z.string(),
  }),
);
export type SprintView = Told<typeof SprintView>;
/** A sprint whose plan, tasks and budgets are told beside it. */
export const SprintSummary = named(
  'SprintSummary',
  SprintView.omit({ unreadable: true, plan: true, tasks: true, budgets: true, cursor: true }),
);
export type SprintSummary = Told<typeof SprintSummary>;
/** Apart from the sprint, since every action changes them. */
export const SprintBudgets = named('SprintBudgets', z.object({ sprintId: SprintId, budgets: z.array(BudgetUse) }));
export type SprintBudgets = Told<typeof SprintBudgets>;
export const SprintPage = named('SprintPage', momentPageSchema(SprintView));

/** `protected`: only a grant lets a plan name it. */
const FindingPlace = z.enum(['inside', 'outside', 'protected']);
export type FindingPlace = z.infer<typeof FindingPlace>;
export const FindingView = named(
  'FindingView',
  Finding.extend({ inScope: z.boolean(), place: FindingPlace, dismissed: z.boolean() }),
);
export type FindingView = Told<typeof FindingView>;
export const FindingPage = named(
  'FindingPage',
  momentPageSchema(FindingView).extend({
    repositoryId: RepositoryId,
    commit: Oid.optional(),
    planId: SprintId.optional(),
    scope: z.array(z.string()).optional(),
    scannedAt: z.iso.datetime().optional(),
    total: z.number().int(),
  }),
);
export const Dismissed = named('Dismissed', z.object({ cursor: z.string() }));
