import type { AgentId } from '#contracts';

/** Resolves the wait of one `agent.next`. */
type Wake = () => void;

interface Caller {
  heardAt: number;
  readonly waits: Set<Wake>;
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
    if (caller === undefined) this.#callers.set(agentId, { heardAt: now, waits: new Set() });
    else caller.heardAt = now;
  }

  /** Resolves when it is woken, or after so many milliseconds. */
  async wait(agentId: AgentId, ms: number): Promise<void> {
    const waits = this.#callers.get(agentId)?.waits;
    if (waits === undefined) return;
    let timer: NodeJS.Timeout | undefined;
    let wake: Wake = () => undefined;
    await new Promise<void>((resolve) => {
      wake = resolve;
      waits.add(wake);
      timer = setTimeout(resolve, ms);
    });
    clearTimeout(timer);
    waits.delete(wake);
  }

  /** It waits no more: it has a task, here or elsewhere. */
  wake(agentId: AgentId): void {
    const caller = this.#callers.get(agentId);
    for (const wake of caller?.waits ?? []) wake();
    caller?.waits.clear();
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
