import { type AnyEvent, eventSchemas, eventText, HyperRunError, isHyperRunError, type EventType } from '#contracts';
import { LoopDetector, type Loop } from './loop.js';
import type { ToolPorts } from './tools.js';

/** The refusal with this number ends the attempt. */
export const LAST_REFUSAL = 3;

export type ActionType = Extract<EventType, `action.${string}`>;

const MAY_BE_REFUSED = ['scope.violated', 'tree.too-large', 'tool.unreadable'];

/**
 * The one gate that every call of one attempt passes: cancelled, paused, ended, over budget; and the one place where its
 * events are written. Once ended it stays so: `failure` is the reason, and `signal` is aborted with it.
 */
export class ToolSession {
  readonly signal: AbortSignal;
  private readonly ending = new AbortController();
  private calls = 0;
  private limit: number;
  private refusals = 0;
  private readonly loops = new LoopDetector();
  private judging: Promise<void> | undefined;

  constructor(readonly ports: ToolPorts) {
    this.limit = ports.maxCalls;
    this.signal = AbortSignal.any([ports.signal, this.ending.signal]);
  }

  /** Why the attempt cannot go on, if it is the agent's doing. */
  get failure(): HyperRunError | undefined {
    const reason: unknown = this.ending.signal.reason;
    return isHyperRunError(reason) ? reason : undefined;
  }

  /**
   * Does the work of a tool, or turns it away.
   * @throws HyperRunError tool.refused, agent.refused-too-often, agent.budget-exceeded
   */
  async call<T>(tool: string, path: string | undefined, work: () => Promise<T>): Promise<T> {
    await this.admit();
    const ended = this.ports.begin?.();
    try {
      return await work();
    } catch (error) {
      if (!MAY_BE_REFUSED.some((code) => isHyperRunError(error, code)) || !isHyperRunError(error)) throw error;
      throw await this.refused(tool, path, error);
    } finally {
      ended?.();
      this.ports.progress?.();
    }
  }

  /** Waits while paused, then counts. */
  async admit(): Promise<void> {
    this.signal.throwIfAborted();
    await this.ports.gate?.();
    await this.count();
  }

  /**
   * Counts, without waiting while paused: for what happened already. Every event that an agent causes is counted, so that none
   * can flood the log.
   * @throws HyperRunError agent.budget-exceeded
   */
  async count(): Promise<void> {
    this.signal.throwIfAborted();
    const call = ++this.calls;
    while (call > this.limit) await this.raise(call);
  }

  /** Waits for a limit that lets this call through, or ends the attempt. */
  private async raise(used: number): Promise<void> {
    const { attempt, overBudget } = this.ports;
    const { limit } = this;
    if (overBudget) {
      this.limit = await overBudget({ budget: 'toolCalls', of: 'task', limit, used });
      return this.signal.throwIfAborted();
    }
    const over = new HyperRunError(
      'agent.budget-exceeded',
      `The attempt may make ${limit} tool calls; this was one more.`,
      { limit },
    );
    this.ending.abort(over);
    await this.ports.emit({
      type: 'task.budget-exceeded',
      data: { attempt, budget: 'toolCalls', of: 'task', limit, used },
    });
    throw over;
  }

  /** Nothing that the agent left running, a timer or a call that it did not wait for, can use the tools any more. */
  close(): void {
    this.ending.abort(new HyperRunError('agent.not-running', 'The attempt is over: no tool can be used any more.'));
  }

  /**
   * Writes an action, stamped with the attempt and with who says so; where it closes a circle, waits for whether the agent may
   * go on.
   * @throws HyperRunError agent.invalid-event, agent.looping
   */
  async act(
    type: ActionType,
    origin: 'observed' | 'reported',
    payload: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const parsed = eventSchemas[type].safeParse({ ...payload, attempt: this.ports.attempt, origin });
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      const field = issue?.path.join('.') ?? '';
      throw new HyperRunError('agent.invalid-event', `${type}: field ${field}: ${issue?.message ?? 'invalid'}`, {
        type,
        field,
      });
    }
    const event = { type, data: parsed.data } as AnyEvent;
    await this.ports.emit(event);
    const loop = this.loops.take({ event, at: performance.now() });
    if (loop !== undefined) await (this.judging ??= this.judge(loop).finally(() => (this.judging = undefined)));
  }

  /** Ends the attempt, unless somebody lets it go on. */
  private async judge(loop: Loop): Promise<void> {
    try {
      if (this.ports.looping === undefined) throw new HyperRunError('agent.looping', loop.text, { kind: loop.kind });
      await this.ports.looping(loop);
      this.loops.forgive();
    } catch (error) {
      this.ending.abort(error);
      throw error;
    }
  }

  /** Text as it may stand in an event, at most so many characters. */
  text(value: string, limit: number): string {
    const clean = eventText(value, this.ports.secrets);
    return clean.length <= limit ? clean : `${clean.slice(0, limit - 1)}…`;
  }

  /** Refuses without a strike: the agent asked for something that this worker does not have. */
  async lacks(tool: string, code: string, reason: string): Promise<HyperRunError> {
    await this.ports.refuse({ attempt: this.ports.attempt, tool, code, reason, count: this.refusals });
    return new HyperRunError(code, reason, { tool }, 'operator');
  }

  private async refused(tool: string, path: string | undefined, cause: HyperRunError): Promise<HyperRunError> {
    this.refusals++;
    const reason = this.text(cause.message, 2000);
    const { attempt } = this.ports;
    const named = path ?? cause.details['path'];
    const shown = typeof named === 'string' ? { path: this.text(named, 2048) } : {};
    await this.ports.refuse({ attempt, tool, ...shown, code: cause.code, reason, count: this.refusals });
    const details = { ...cause.details, code: cause.code, count: this.refusals };
    if (this.refusals < LAST_REFUSAL) {
      return new HyperRunError(
        'tool.refused',
        `${tool} was refused (${this.refusals} of ${LAST_REFUSAL}): ${reason}`,
        details,
        'caller',
        { cause },
      );
    }
    const end = new HyperRunError(
      'agent.refused-too-often',
      `${LAST_REFUSAL} tool calls were refused; the last one: ${reason}`,
      details,
      'caller',
      { cause },
    );
    this.ending.abort(end);
    return end;
  }
}
