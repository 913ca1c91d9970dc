// What the audit tells: the shapes.
import { z } from 'zod';
import {
  BlockKind,
  eventSchemas,
  FileChange,
  Isolation,
  Oid,
  SealedHead,
  SpentBudget,
  StepResult,
  StreamName,
  TaskId,
} from '#contracts';
import type { ProblemKind } from '#seal';
import { named, type Told } from '../http/schemas.js';

const count = z.number().int().nonnegative();

const Cost = z.object({ modelCalls: count, tokens: count, amount: z.number() });

/** A time for which a task waited for a person: what it wanted, and what it was given. */
const ReportedBlock = named(
  'ReportedBlock',
  z.object({
    kind: BlockKind,
    /** What it wanted, in a sentence. */
    asked: z.string(),
    askedAt: z.iso.datetime(),
    spent: SpentBudget.optional(),
    /** Absent: nobody has answered. */
    answered: z
      .object({
        at: z.iso.datetime(),
        /** `person:…`, or `orchestrator` where a policy decided. */
        by: z.string(),
        /** The option that was chosen, in its words, and what was said. */
        text: z.string(),
        granted: eventSchemas['task.answered'].shape.granted,
        timedOut: z.boolean(),
      })
      .optional(),
  }),
);
export type ReportedBlock = Told<typeof ReportedBlock>;

const ReportedTask = named(
  'ReportedTask',
  z.object({
    taskId: TaskId,
    title: z.string(),
    /** Who did it at last. */
    agent: z.string(),
    /** Who had it before, in order, and why it went on. */
    reassigned: z.array(eventSchemas['task.reassigned']),
    /** As the task ended, or `open`. */
    outcome: z.string(),
    /** Why, in a sentence; with the end of the output where a command failed. */
    reason: z.string(),
    outputTail: z.string().optional(),
    branch: z.string().optional(),
    commit: Oid.optional(),
    files: z.array(FileChange),
    verification: z.array(StepResult.extend({ run: z.number().int() })),
    isolation: Isolation.optional(),
    weak: z.boolean().optional(),
    attempts: count,
    toolCalls: count,
    refusals: count,
    durationMs: z.number(),
    cost: Cost,
    /** What was asked of people, in order. */
    blocks: z.array(ReportedBlock),
  }),
);
export type ReportedTask = Told<typeof ReportedTask>;

const shared = eventSchemas['sprint.integrated'].shape.merged;

const ReportedIntegration = named(
  'ReportedIntegration',
  z.object({
    status: z.enum(['merging', 'publishing', 'failed', 'integrated']),
    taskIds: z.array(TaskId),
    branch: z.string().optional(),
    commit: Oid.optional(),
    /** Files that several tasks changed, merged without a conflict. */
    merged: shared.optional(),
    reason: z.string().optional(),
    conflicts: shared.optional(),
    together: z.array(TaskId).optional(),
  }),
);
export type ReportedIntegration = Told<typeof ReportedIntegration>;

export const Report = named(
  'Report',
  z.object({
    sprintId: z.string(),
    repository: z.string(),
    baseCommit: z.string(),
    status: z.string(),
    approvedBy: z.string().optional(),
    approvedAt: z.iso.datetime().optional(),
    completedAt: z.iso.datetime().optional(),
    base: eventSchemas['sprint.base-verified'].optional(),
    tasks: z.array(ReportedTask),
    /** Files that several passed tasks changed: their branches may conflict. */
    overlaps: z.array(z.object({ path: z.string(), taskIds: z.array(TaskId) })),
    /** The passed tasks as one branch, where somebody asked for it. */
    integration: ReportedIntegration.optional(),
    additions: count,
    deletions: count,
    events: count,
    cost: Cost,
    heads: z.array(SealedHead),
  }),
);
export type Report = Told<typeof Report>;

const PROBLEMS = [
  'malformed',
  'truncated',
  'gap',
  'header',
  'altered',
  'head',
  'missing',
] as const satisfies ProblemKind[];

export const VerifiedSprint = named(
  'VerifiedSprint',
  z.object({
    valid: z.boolean(),
    problems: z.array(
      z.object({
        stream: StreamName.optional(),
        version: z.number().int().optional(),
        kind: z.enum(PROBLEMS),
        text: z.string(),
      }),
    ),
    heads: z.array(SealedHead),
    events: count,
    /** Seals that were found in commits, and compared. */
    commits: count,
  }),
);
