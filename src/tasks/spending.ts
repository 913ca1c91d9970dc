import type { Usage } from '#agents';
import { HyperRunError, type AnyEvent, type BudgetName, type SpentBudget } from '#contracts';
import {
  BUDGET_NAMES,
  count,
  emptyAccount,
  event,
  isActive,
  limitsOf,
  sprintLimits,
  sumOf,
  usedBeside,
  usedOf,
  type Account,
  type Active,
  type Amounts,
  type SpendingLimits,
} from '#domain';
import { spentText } from '#wording';
import type { LiveWorld } from '../world/live-world.port.js';
import type { Attempt } from './attempt.js';
import type { Waiting } from './waiting.js';
import { WorkClock } from './work-clock.js';

/** Calls of a task are counted where they come in, before they leave an event. */
const OF_TASK: readonly BudgetName[] = ['wallSeconds', 'tokens', 'cost'];

/**
 * What one attempt spends, held against the budgets of its task and of its sprint: earlier attempts count, and so do the
 * other tasks, as far as the log has told of them. At a limit the task is blocked until a person grants more; where nobody
 * can be asked the attempt ends.
 */
export class Spending {
  /** Aborts when a limit was reached and nobody can be asked. */
  readonly signal: AbortSignal;
  readonly #before: Amounts;
  readonly #clock: WorkClock;
  readonly #ended = new AbortController();
  readonly #closed = new AbortController();
  #account: Account = emptyAccount;
  #spent = { tokens: 0, cost: 0 };
  #settling = false;

  constructor(
    private readonly attempt: Attempt,
    private readonly waiting: Waiting,
    private readonly live: LiveWorld,
    private readonly attended: boolean,
  ) {
    this.#before = usedOf(attempt.claimed.account, this.#sprint?.pauses ?? []);
    this.signal = this.#ended.signal;
    this.#clock = new WorkClock({
      runs: () => attempt.runs(),
      onChange: (listener) => live.onChange(listener),
      left: (workedMs) => this.#left(workedMs),
      onDue: () => this.#onDue(),
      until: AbortSignal.any([attempt.signal, this.#closed.signal]),
    });
  }

  /** Tool calls that this attempt may make. */
  get maxCalls(): number {
    return Math.max(0, (this.#limits('task').toolCalls ?? Infinity) - this.#before.toolCalls);
  }

  /** Writes what the agent does, and counts it. */
  say(told: AnyEvent): void {
    this.#account = count(this.#account, { ...told, time: 0 });
    this.attempt.say(told);
  }

  /** Resolves when the sprint is not paused, nobody is asked, and nothing is used up. */
  async gate(): Promise<void> {
    await this.attempt.gate();
    await this.#settle();
  }

  /** Counts a model call, which its events tell of too, before or after; waits at a limit. */
  async spend({ inputTokens, outputTokens, cost }: Usage): Promise<void> {
    this.#spent = { tokens: this.#spent.tokens + inputTokens + outputTokens, cost: this.#spent.cost + cost };
    await this.#settle();
  }

  /** For the tools, which count the calls of this attempt themselves: resolves with a limit that lets this one through. */
  overBudget({ used }: SpentBudget): Promise<number> {
    return this.waiting.inTurn(async () => {
      while (this.maxCalls < used) {
        const { toolCalls: limit = 0 } = this.#limits('task');
        const made = Math.max(limit, this.#before.toolCalls);
        await this.#reach({ budget: 'toolCalls', of: 'task', limit, used: made });
      }
      return this.maxCalls;
    });
  }

  /** The agent is done: its time is over. */
  close(): void {
    this.#closed.abort();
  }

  get #sprint(): Active | undefined {
    const state = this.live.world.sprints.get(this.attempt.claimed.spec.sprintId);
    return state !== undefined && isActive(state) ? state : undefined;
  }

  #limits(of: 'task' | 'sprint'): SpendingLimits {
    const { taskId, spec, account } = this.attempt.claimed;
    const { world } = this.live;
    const sprint = this.#sprint;
    if (of === 'sprint') return sprint === undefined ? {} : sprintLimits(world, sprint);
    const state = world.tasks.get(taskId);
    const { granted } = state !== undefined && 'account' in state ? state.account : account;
    return limitsOf(spec.budgets, 'task', granted);
  }

  #used(workedMs = this.#clock.workedMs): Amounts {
    const { wallSeconds, toolCalls, tokens, cost } = this.#before;
    return {
      wallSeconds: wallSeconds + workedMs / 1000,
      toolCalls: toolCalls + this.#account.toolCalls,
      tokens: tokens + Math.max(this.#account.tokens, this.#spent.tokens),
      cost: cost + Math.max(this.#account.cost, this.#spent.cost),
    };
  }

  /** Of all tasks of the sprint together. */
  #usedInSprint(own: Amounts): Amounts {
    const sprint = this.#sprint;
    const { taskId } = this.attempt.claimed;
    return sprint === undefined ? own : sumOf([own, usedBeside(this.live.world, sprint, taskId, Date.now())]);
  }

  #usedUp(): SpentBudget | undefined {
    const own = this.#used();
    const ofTask = overdrawn('task', OF_TASK, own, this.#limits('task'));
    const sprint = this.#limits('sprint');
    return ofTask ?? (isEmpty(sprint) ? undefined : overdrawn('sprint', BUDGET_NAMES, this.#usedInSprint(own), sprint));
  }

  #left(workedMs: number): number {
    const own = this.#used(workedMs);
    const { wallSeconds: ofTask = Infinity } = this.#limits('task');
    const { wallSeconds: ofSprint = Infinity } = this.#limits('sprint');
    const inSprint = ofSprint === Infinity ? 0 : this.#usedInSprint(own).wallSeconds;
    return Math.min(ofTask - own.wallSeconds, ofSprint - inSprint) * 1000;
  }

  #onDue(): void {
    if (this.#settling) return;
    this.#settling = true;
    this.#settle()
      // What ends the attempt is told where it is waited for.
      .catch(() => undefined)
      .finally(() => (this.#settling = false));
  }

  async #settle(): Promise<void> {
    if (this.#usedUp() === undefined) return;
    await this.waiting.inTurn(async () => {
      for (let spent = this.#usedUp(); spent !== undefined; spent = this.#usedUp()) await this.#reach(spent);
    });
  }

  async #reach(spent: SpentBudget): Promise<void> {
    this.#ended.signal.throwIfAborted();
    if (this.attended) return this.waiting.block({ kind: 'budget', reason: spentText(spent), spent });
    const { attempt } = this.attempt.claimed;
    const over = new HyperRunError('agent.budget-exceeded', `${spentText(spent)} Nobody can be asked for more.`, {
      ...spent,
    });
    this.attempt.say(event('task.budget-exceeded', { attempt, ...spent }));
    this.#ended.abort(over);
    throw over;
  }
}

const isEmpty = (limits: SpendingLimits): boolean => Object.keys(limits).length === 0;

const overdrawn = (
  of: SpentBudget['of'],
  names: readonly BudgetName[],
  used: Amounts,
  limits: SpendingLimits,
): SpentBudget | undefined => {
  const budget = names.find((name) => used[name] >= (limits[name] ?? Infinity));
  const limit = budget === undefined ? undefined : limits[budget];
  return budget === undefined || limit === undefined ? undefined : { budget, of, limit, used: rounded(used[budget]) };
};

/** Without the noise of binary fractions. */
const rounded = (amount: number): number => Math.round(amount * 1e6) / 1e6;
