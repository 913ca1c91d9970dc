import { z } from 'zod';
import { FINDING_SOURCES } from './finding-sources.js';
import { Oid, RepositoryId, Sha256, SprintId, TaskId } from './ids.js';

/** Lines are counted from 1, columns from 1, ends are inclusive. */
export const Range = z.object({
  startLine: z.number().int().positive(),
  startColumn: z.number().int().positive().optional(),
  endLine: z.number().int().positive(),
  endColumn: z.number().int().positive().optional(),
});
export type Range = z.infer<typeof Range>;

export const FindingSource = z.enum(FINDING_SOURCES);
export type FindingSource = z.infer<typeof FindingSource>;

/** One thing worth improving, and how it is known. */
export const Finding = z.object({
  /** Survives moved lines: a hash of source, rule, path and the normalised text of the line. */
  findingId: z.string().regex(/^[0-9a-f]{16}$/),
  source: FindingSource,
  /** Stable name within the source: `broken-link`, `MD009`, `eslint(no-debugger)` … */
  rule: z.string().max(120),
  path: z.string().max(1024),
  range: Range,
  /** The text in question, at most 400 characters, cleaned of control characters. */
  excerpt: z.string().max(400),
  message: z.string().max(600),
  /** The program or algorithm and its version, for example `oxlint 1.89.0`. */
  how: z.string().max(300),
  confidence: z.enum(['certain', 'likely', 'possible']),
  /** Kind of the built-in agent that can repair it for certain; absent: it needs a model or a person. */
  fixer: z.string().max(40).optional(),
  /** What the source knows besides, for a person to read: age of a TODO, stale report, suggested target … */
  notes: z.record(z.string(), z.string().max(300)).optional(),
});
export type Finding = z.infer<typeof Finding>;

export const Evidence = Finding.pick({
  findingId: true,
  source: true,
  rule: true,
  path: true,
  range: true,
  excerpt: true,
  message: true,
  how: true,
  notes: true,
});
export type Evidence = z.infer<typeof Evidence>;

export const ScorePart = z.object({ name: z.string().max(40), value: z.number(), why: z.string().max(200) });
export type ScorePart = z.infer<typeof ScorePart>;

/** A command is run by `sh -c` in the root of the repository. */
export const VerificationCommand = z.object({
  name: z.string().max(120),
  command: z.string().max(2000),
  /** Where it was found: `.hyper-run.json`, `package.json scripts.test` … */
  origin: z.string().max(200),
});
export type VerificationCommand = z.infer<typeof VerificationCommand>;

export const Verification = z.object({
  setup: z.array(VerificationCommand).max(20),
  commands: z.array(VerificationCommand).max(20),
  /** No command was found: only the built-in gate (parses, findings gone, nothing new) judges. */
  weak: z.boolean(),
  timeoutSeconds: z.number().int().positive().max(7200),
  /** Granted by whoever approves the plan: set-up may reach `setupHosts`, through the service. */
  setupNetwork: z.boolean(),
  /** Hosts of package registries, all that set-up can reach. Absent in plans of earlier versions. */
  setupHosts: z.array(z.string().max(255)).max(20).optional(),
});
export type Verification = z.infer<typeof Verification>;

const Limits = {
  /** Working time of an agent; pauses and waiting for a person do not count. */
  wallSeconds: z.number().int().positive().max(86_400),
  toolCalls: z.number().int().positive().max(1_000_000),
  /** Tokens in and out together, as the model's provider counts them. */
  tokens: z.number().int().positive().max(1_000_000_000),
  /** In US dollars. */
  cost: z.number().positive().max(1_000_000),
};

/** What may be spent. At a limit the work waits and asks: it does not fail. */
export const BudgetName = z.enum(['wallSeconds', 'toolCalls', 'tokens', 'cost']);
export type BudgetName = z.infer<typeof BudgetName>;

/** Per task; under `sprint` for all tasks of the plan together. An absent limit is none. */
export const Budgets = z.object({
  wallSeconds: Limits.wallSeconds,
  toolCalls: Limits.toolCalls,
  tokens: Limits.tokens.optional(),
  cost: Limits.cost.optional(),
  attempts: z.number().int().min(1).max(10),
  sprint: z.object(Limits).partial().optional(),
});
export type Budgets = z.infer<typeof Budgets>;

/**
 * What an agent can get into by itself, so that its attempt comes to nothing; `unavailable`: it gets no work now, since it
 * failed too often, or it is not there any more as it was approved.
 */
export const TROUBLES = ['crashed', 'no-change', 'stalled', 'looping', 'unavailable'] as const;
export const Trouble = z.enum(TROUBLES);
export type Trouble = z.infer<typeof Trouble>;

/**
 * What becomes of the task then. `retry`: another attempt, after a while, as long as the budget has any; `reassign`: the
 * same by the next agent that the plan names for it, and where none is left `ask`; `give-up`: it fails; `ask`: a person
 * decides, and where nobody can be asked it fails. Of a stall, `ask` only calls a person.
 */
export const TROUBLE_POLICIES = ['retry', 'reassign', 'give-up', 'ask'] as const;
export const TroublePolicy = z.enum(TROUBLE_POLICIES);
export type TroublePolicy = z.infer<typeof TroublePolicy>;

export const Troubles = z.object({
  crashed: TroublePolicy,
  'no-change': TroublePolicy,
  stalled: TroublePolicy,
  looping: TroublePolicy,
  /** `retry`: it waits until its agent gets work again. Absent in plans of earlier versions. */
  unavailable: TroublePolicy.extract(['retry', 'reassign']).optional(),
});
export type Troubles = z.infer<typeof Troubles>;

/**
 * An agent that the plan uses, and what it is given by whoever approves the plan: which host its model is reached at, and
 * under which name the service keeps the key. The key itself is in no plan.
 */
export const PlannedAgent = z.object({
  kind: z.string().max(40),
  digest: z.string().max(80),
  adapter: z.enum(['built-in', 'acp', 'command', 'llm', 'remote']),
  /** Where it works: on a tree in memory, or as a program in the sandbox. */
  workplace: z.enum(['tree', 'sandbox']),
  model: z.string().max(200).optional(),
  /** The one host that its model calls may go to, through the service; absent: no network at all. */
  host: z.string().max(255).optional(),
  /** Name of the environment variable of the service that holds the key. */
  credential: z.string().max(120).optional(),
});
export type PlannedAgent = z.infer<typeof PlannedAgent>;

/** How often agents have solved tasks of this kind before, and why this one was chosen. */
export const AgentChoice = z.object({
  why: z.string().max(600),
  candidates: z
    .array(
      z.object({
        agent: z.string().max(40),
        passed: z.number().int().nonnegative(),
        tried: z.number().int().nonnegative(),
      }),
    )
    .max(20),
});
export type AgentChoice = z.infer<typeof AgentChoice>;

/** What a person said about an earlier candidate, and that candidate. */
export const RequestedChanges = z.object({
  taskId: TaskId,
  comment: z.string().max(4000),
  /** The patch of the candidate that the comment is about, where there was one. */
  patch: Sha256.optional(),
});
export type RequestedChanges = z.infer<typeof RequestedChanges>;

/** Agents that may take over one task. */
export const MOST_FALLBACKS = 5;

export const PlannedTask = z.object({
  taskId: TaskId,
  title: z.string().min(1).max(200),
  kind: FindingSource,
  rationale: z.string().max(2000),
  evidence: z.array(Evidence).min(1).max(200),
  /** Literal paths, inside the scope: the only ones that the agent may change. */
  paths: z.array(z.string().max(1024)).min(1).max(200),
  /** Kind of the agent that is to do it: `links`, `markdown`, `spelling`, `lint` … */
  agent: z.string().max(40),
  /** Which version of it, with its configuration: another one is not what was approved. */
  agentDigest: z.string().max(80),
  /** Kinds of the agents that may take it over where that one gets into trouble, in this order; absent: none. */
  fallbacks: z.array(z.string().max(40)).max(MOST_FALLBACKS).optional(),
  instructions: z.string().max(4000),
  verification: z.array(z.string().max(2000)).max(40),
  score: z.object({ total: z.number(), parts: z.array(ScorePart).max(20) }),
  /** Why this agent. */
  choice: AgentChoice.optional(),
  /** Tasks of the same plan that change a file of this one: whoever merges both may meet a conflict. */
  overlaps: z.array(TaskId).max(50).optional(),
  /** Set in a follow-up that was asked for with a comment. */
  changes: RequestedChanges.optional(),
});
export type PlannedTask = z.infer<typeof PlannedTask>;

export const FindingCounts = z.object({
  total: z.number().int(),
  inScope: z.number().int(),
  /** Findings inside the scope that no agent can do for certain: they need a model or a person. */
  needModel: z.number().int(),
  dismissed: z.number().int(),
  bySource: z.record(z.string(), z.object({ total: z.number().int(), inScope: z.number().int() })),
  /** Where the findings outside the scope are: `[{ pattern: "src/**", count: 213 }]`. */
  outside: z.array(z.object({ pattern: z.string().max(1024), count: z.number().int() })).max(20),
  /** Files inside the scope that only a grant lets a plan name, and how much was found in each. */
  protected: z.array(z.object({ path: z.string().max(1024), count: z.number().int() })).max(20),
});
export type FindingCounts = z.infer<typeof FindingCounts>;

/** What a person reads and approves. Scheme of `proposed_sprint.json`. */
export const Plan = z.object({
  planId: SprintId,
  planHash: Sha256,
  repository: z.object({ repositoryId: RepositoryId, path: z.string().max(4096), name: z.string().max(255) }),
  baseCommit: Oid,
  scope: z.array(z.string().max(1024)).min(1).max(100),
  focus: z.string().max(200).optional(),
  tasks: z.array(PlannedTask).max(50),
  findings: FindingCounts,
  verification: Verification,
  /** Protected paths that this plan may change all the same. */
  grants: z.array(z.string().max(1024)).max(50),
  budgets: Budgets,
  /** Where something else is to be done than usually when an agent gets into trouble. */
  troubles: Troubles.optional(),
  /** Every agent that a task names, those that may take it over among them. Absent in plans of earlier versions. */
  agents: z.array(PlannedAgent).max(50).optional(),
  /** Set where a model worded and ranked the tasks; what it says is its own, the findings are not. */
  worded: z
    .object({
      model: z.string().max(200),
      inputTokens: z.number().int().nonnegative(),
      outputTokens: z.number().int().nonnegative(),
      cost: z.number().nonnegative(),
    })
    .optional(),
  /** Set by a follow-up: the settled task that this plan is about. */
  follows: TaskId.optional(),
  /** What an earlier sprint found out about the same commit and commands; absent: it has not been verified yet. */
  knownBase: z
    .object({
      outcome: z.enum(['passed', 'failed', 'missing']),
      reason: z.string().max(2000).optional(),
      at: z.iso.datetime(),
    })
    .optional(),
  estimate: z.object({ seconds: z.number().nonnegative(), cost: z.number().nonnegative() }),
  checkout: z.object({
    branch: z.string().max(255).nullable(),
    dirty: z.boolean(),
  }),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
});
export type Plan = z.infer<typeof Plan>;
