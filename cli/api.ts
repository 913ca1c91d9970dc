// What the service answers, as far as the command line reads it.
import { z } from 'zod';
import { Plan, Question, SpentBudget } from '#contracts';

const cursor = z.string();
const instant = z.string();

export const Problem = z.looseObject({
  title: z.string().optional(),
  status: z.number().optional(),
  detail: z.string().optional(),
  code: z.string().optional(),
});

export const PLAN_STATUSES = ['analysing', 'proposed', 'rejected', 'expired', 'approved', 'failed'] as const;
export const PlanView = Plan.extend({
  status: z.enum(PLAN_STATUSES),
  /** Whether the repository has gone on since, and which of the planned files differ by now. */
  head: z.object({ commit: z.string(), moved: z.boolean(), changed: z.array(z.string()) }).optional(),
});
export type PlanView = z.infer<typeof PlanView>;

/** A plan that is not there yet, or never will be. */
export const PlanPending = z.object({
  planId: z.string(),
  status: z.enum(['analysing', 'failed']),
  reason: z.string().optional(),
  cursor: cursor.optional(),
});

export const SprintTask = z.looseObject({
  taskId: z.string(),
  title: z.string(),
  status: z.string(),
  outcome: z.string().nullish(),
  reason: z.string().nullish(),
  branch: z.string().nullish(),
  commit: z.string().nullish(),
  attempts: z.number().optional(),
  /** What it waits for a person for. */
  blocked: z.looseObject({ kind: z.string(), question: Question.nullish(), spent: SpentBudget.nullish() }).nullish(),
});
export type SprintTask = z.infer<typeof SprintTask>;

export const Repository = z.looseObject({ repositoryId: z.string(), path: z.string(), name: z.string() });
export type Repository = z.infer<typeof Repository>;

const shared = z.array(z.looseObject({ path: z.string(), taskIds: z.array(z.string()) }));

export const Integration = z.looseObject({
  status: z.string(),
  taskIds: z.array(z.string()),
  branch: z.string().nullish(),
  commit: z.string().nullish(),
  merged: shared.optional(),
  reason: z.string().nullish(),
  conflicts: shared.optional(),
  together: z.array(z.string()).optional(),
  steps: z.array(z.looseObject({ outcome: z.string(), output: z.looseObject({ tail: z.string() }) })).optional(),
});
export type Integration = z.infer<typeof Integration>;

export const SprintView = z.looseObject({
  sprintId: z.string(),
  status: z.string(),
  repository: Repository,
  plan: z.looseObject({ scope: z.array(z.string()), baseCommit: z.string() }).nullish(),
  tasks: z.array(SprintTask),
  integration: Integration.nullish(),
  createdAt: instant,
  completedAt: instant.nullish(),
  cursor,
});
export type SprintView = z.infer<typeof SprintView>;

export const SprintSummary = z.looseObject({
  sprintId: z.string(),
  status: z.string(),
  repository: z.looseObject({ name: z.string() }),
  tasks: z.array(SprintTask).optional(),
  createdAt: instant,
});
export type SprintSummary = z.infer<typeof SprintSummary>;

export const TaskView = SprintTask.extend({
  sprintId: z.string().optional(),
  repository: z.looseObject({ path: z.string() }).optional(),
});
export type TaskView = z.infer<typeof TaskView>;

export const FindingView = z.looseObject({
  findingId: z.string(),
  source: z.string(),
  rule: z.string(),
  path: z.string(),
  range: z.looseObject({ startLine: z.number() }),
  excerpt: z.string(),
  message: z.string(),
  confidence: z.string(),
  fixer: z.string().optional(),
  inScope: z.boolean().optional(),
});
export type FindingView = z.infer<typeof FindingView>;

export const AgentView = z.looseObject({
  id: z.string(),
  name: z.string(),
  role: z.string(),
  status: z.string(),
  currentTaskSummary: z.string().nullish(),
  /** Milliseconds since 1970. */
  circuitOpenUntil: z.number().nullish(),
});
export type AgentView = z.infer<typeof AgentView>;

export const AgentKindView = z.looseObject({
  kind: z.string(),
  planned: z.looseObject({ adapter: z.string(), model: z.string().optional(), host: z.string().optional() }),
  unusable: z.string().optional(),
});
export type AgentKindView = z.infer<typeof AgentKindView>;

export const AgentRecordView = z.looseObject({
  agent: z.string(),
  kind: z.string(),
  passed: z.number(),
  tried: z.number(),
});
export type AgentRecordView = z.infer<typeof AgentRecordView>;

export const SearchHit = z.looseObject({
  path: z.string(),
  range: z.looseObject({ startLine: z.number() }).optional(),
  symbol: z.string().optional(),
  snippet: z.string().optional(),
  why: z.unknown(),
});
export type SearchHit = z.infer<typeof SearchHit>;

export const EventView = z.looseObject({
  id: z.string(),
  type: z.string(),
  time: z.string(),
  stream: z.string(),
  streamversion: z.string(),
  position: z.string(),
  actor: z.string(),
  sprintid: z.string().optional(),
  taskid: z.string().optional(),
  agentid: z.string().optional(),
  data: z.record(z.string(), z.unknown()),
});
export type EventView = z.infer<typeof EventView>;

export const ReportView = z.looseObject({
  tasks: z.array(
    z.looseObject({
      taskId: z.string(),
      verification: z.array(z.looseObject({ outcome: z.string(), output: z.looseObject({ tail: z.string() }) })),
    }),
  ),
});
export type ReportView = z.infer<typeof ReportView>;

export const ArchiveView = z.looseObject({
  digest: z.string(),
  events: z.number(),
  bytes: z.number(),
  path: z.string(),
});

export const RedactionView = z.looseObject({
  stream: z.string(),
  version: z.number(),
  digest: z.string(),
  fields: z.array(z.string()),
  artifacts: z.array(z.string()),
});

export const Page = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item), next: z.string().nullish() });
export const SealCheck = z.looseObject({
  valid: z.boolean(),
  problems: z.array(z.looseObject({ text: z.string() })).optional(),
});
