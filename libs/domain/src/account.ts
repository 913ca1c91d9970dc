// What a task has spent, what it may spend, and when an agent was at it. Pure.
import type { AnyEvent, BudgetName, Budgets, EventData, Instant } from '#contracts';
import type { Fields } from './decider.js';

export type Grant = NonNullable<EventData<'task.answered'>['granted']>;

/** From the first to the last sign of work that the log has. */
export interface Span {
  readonly from: Instant;
  readonly until: Instant;
}
/** A time in which the clocks of a sprint stand still; without an end it goes on. */
export interface Pause {
  readonly from: Instant;
  readonly until?: Instant;
}

/** What was spent in all attempts together, told from the events of the task alone. */
export interface Account {
  readonly toolCalls: number;
  readonly tokens: number;
  readonly cost: number;
  readonly spans: readonly Span[];
  /** An agent is at it; the span grows with every event. */
  readonly open?: Span;
  /** What people have granted since the approval. */
  readonly granted: readonly Grant[];
}

export type Amounts = Readonly<Record<BudgetName, number>>;
/** An absent limit is none. */
export type SpendingLimits = Readonly<Partial<Amounts>>;

export const BUDGET_NAMES = ['wallSeconds', 'toolCalls', 'tokens', 'cost'] as const satisfies readonly BudgetName[];

export const emptyAccount: Account = { toolCalls: 0, tokens: 0, cost: 0, spans: [], granted: [] };
const nothingUsed: Amounts = { wallSeconds: 0, toolCalls: 0, tokens: 0, cost: 0 };

export const beginWork = (account: Account, at: Instant): Account => ({
  ...endWork(account),
  open: { from: at, until: at },
});

/** Without a time, work ended with the last event that was seen of it: nobody knows how long a lost worker lived on. */
export const endWork = (account: Account, at?: Instant): Account => {
  const { open, ...rest } = account;
  return open === undefined
    ? account
    : { ...rest, spans: [...account.spans, { from: open.from, until: at ?? open.until }] };
};

export const addGrant = (account: Account, granted?: Grant): Account =>
  granted === undefined ? account : { ...account, granted: [...account.granted, granted] };

/** Counts what one event tells. Same account, same object, when it tells nothing. */
export const count = (account: Account, told: AnyEvent & { readonly time: Instant }): Account => {
  const { open } = account;
  const call = isToolCall(told);
  if (open === undefined && !call && told.type !== 'action.model-call-finished') return account;
  const { toolCalls, tokens, cost, spans, granted } = account;
  const grown = open === undefined ? undefined : { from: open.from, until: told.time };
  const counted: Fields<Account> = { toolCalls, tokens, cost, spans, open: grown, granted };
  if (call) counted.toolCalls += 1;
  if (told.type === 'action.model-call-finished') {
    const { inputTokens, outputTokens } = told.data;
    counted.tokens += inputTokens + outputTokens;
    counted.cost += told.data.cost;
  }
  return counted;
};

/**
 * One call, one count: the end of a command and the answer to a question about permission belong to their beginnings. What a
 * program did by itself asked for nothing.
 */
const isToolCall = (told: AnyEvent): boolean => {
  switch (told.type) {
    case 'task.tool-refused':
      return true;
    case 'action.model-call-started':
    case 'action.model-call-finished':
    case 'action.command-finished':
    case 'action.permission-answered':
      return false;
    case 'action.file-written':
    case 'action.file-deleted':
      return told.data.by === undefined;
    case 'action.tool-called':
      return told.data.status === undefined || told.data.status === 'started';
    default:
      return told.type.startsWith('action.');
  }
};

/** Milliseconds of work; pauses do not count. With `now`, work that goes on counts until then. */
export const workedMs = ({ spans, open }: Account, pauses: readonly Pause[], now?: Instant): number => {
  const all = open === undefined ? spans : [...spans, { from: open.from, until: Math.max(open.until, now ?? 0) }];
  return all.reduce((sum, span) => sum + span.until - span.from - pausedMs(span, pauses), 0);
};

const pausedMs = (span: Span, pauses: readonly Pause[]): number =>
  pauses.reduce((sum, { from, until = Infinity }) => {
    const shared = Math.min(span.until, until) - Math.max(span.from, from);
    return sum + Math.max(0, shared);
  }, 0);

export const usedOf = (account: Account, pauses: readonly Pause[], now?: Instant): Amounts => ({
  wallSeconds: workedMs(account, pauses, now) / 1000,
  toolCalls: account.toolCalls,
  tokens: account.tokens,
  cost: account.cost,
});

/** Of several tasks together. */
export const sumOf = (all: readonly Amounts[]): Amounts =>
  all.reduce(
    (sum, one) => ({
      wallSeconds: sum.wallSeconds + one.wallSeconds,
      toolCalls: sum.toolCalls + one.toolCalls,
      tokens: sum.tokens + one.tokens,
      cost: sum.cost + one.cost,
    }),
    nothingUsed,
  );

/** What a task may use, or, of `sprint`, what all tasks may that were granted this: as approved, and what came on top. */
export const limitsOf = (budgets: Budgets, of: Grant['of'], granted: readonly Grant[]): SpendingLimits => {
  const approved: SpendingLimits = of === 'task' ? budgets : (budgets.sprint ?? {});
  const limits: Partial<Record<BudgetName, number>> = {};
  for (const budget of BUDGET_NAMES) {
    const limit = approved[budget];
    if (limit === undefined) continue;
    const more = granted.filter((grant) => grant.of === of && grant.budget === budget);
    limits[budget] = more.reduce((sum, { amount }) => sum + amount, limit);
  }
  return limits;
};
