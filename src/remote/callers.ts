import type { AgentId } from '#contracts';
import { Waits } from './waits.js';

/** So often within an hour an agent is shown by another name: each is an event. */
const MOST_NAMES = 10;
const HOUR_MS = 3_600_000;

interface Caller {
  heardAt: number;
  /** When it took another name. */
  readonly named: number[];
  readonly waits: Waits;
}

/** The remote agents that this process has heard of: when last, and which of them wait for a task right now. */
export class Callers {
  readonly #callers = new Map<AgentId, Caller>();

  get size(): number {
    return this.#callers.size;
  }

  /** Notes that it lives. */
  heard(agentId: AgentId, now: number): void {
    const caller = this.#callers.get(agentId);
    if (caller === undefined) this.#callers.set(agentId, { heardAt: now, named: [], waits: new Waits() });
    else caller.heardAt = now;
  }

  /** Notes that it takes another name, if it may. */
  takesName(agentId: AgentId, now: number): boolean {
    const named = this.#callers.get(agentId)?.named ?? [];
    if (named.length >= MOST_NAMES && now - (named[0] ?? 0) < HOUR_MS) return false;
    named.push(now);
    named.splice(0, named.length - MOST_NAMES);
    return true;
  }

  /** Resolves when it is woken, after so many milliseconds, or when it asks again too often. */
  async wait(agentId: AgentId, ms: number): Promise<void> {
    await this.#callers.get(agentId)?.waits.wait(ms);
  }

  /** It waits no more: it has a task, here or elsewhere. */
  wake(agentId: AgentId): void {
    this.#callers.get(agentId)?.waits.wake();
  }

  wakeAll(): void {
    for (const agentId of this.#callers.keys()) this.wake(agentId);
  }

  /** Those that wait for a task, the one that is heard of longest first. */
  waiting(): AgentId[] {
    return [...this.#callers].flatMap(([agentId, { waits }]) => (waits.size > 0 ? [agentId] : []));
  }

  /** Those that have not said a word since then. */
  silentSince(moment: number): AgentId[] {
    return [...this.#callers].flatMap(([agentId, { heardAt, waits }]) =>
      heardAt <= moment && waits.size === 0 ? [agentId] : [],
    );
  }

  forget(agentId: AgentId): void {
    this.#callers.delete(agentId);
  }
}
