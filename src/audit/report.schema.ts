// What the audit tells: the shapes.
import { z } from 'zod';
import { eventSchemas, FileChange, Isolation, Oid, SealedHead, StepResult, StreamName, TaskId } from '#contracts';
import type { ProblemKind } from '#seal';
import { named, type Told } from '../http/schemas.js';

const count = z.number().int().nonnegative();

const ReportedTask = named(
  'ReportedTask',
  z.object({
    taskId: TaskId,
    title: z.string(),
    agent: z.string(),
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
    cost: z.object({ modelCalls: count, tokens: count, amount: z.number() }),
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
