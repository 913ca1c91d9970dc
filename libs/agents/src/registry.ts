import { HyperRunError } from '#contracts';
import type { BaseAgent } from './base-agent.js';

export type AgentFactory = () => BaseAgent;

const KIND = /^[a-z0-9-]{1,36}$/;

/** The kinds of agents that can be asked. */
export class AgentRegistry {
  private readonly factories = new Map<string, AgentFactory>();

  /**
   * Adds a kind, under the `kind` of what the factory makes. The factory is called once per task.
   * @throws HyperRunError agent.invalid-kind, agent.already-registered
   */
  register(create: AgentFactory): void {
    const { kind } = create();
    if (!KIND.test(kind)) {
      throw new HyperRunError(
        'agent.invalid-kind',
        `Expected a kind of 1 to 36 characters a-z, 0-9 and hyphen, found ${JSON.stringify(kind)}.`,
        { kind },
      );
    }
    if (this.factories.has(kind))
      throw new HyperRunError('agent.already-registered', `There is an agent of kind ${kind} already.`, { kind });
    this.factories.set(kind, create);
  }

  /** A fresh agent, for one task. @throws HyperRunError agent.unknown */
  create(kind: string): BaseAgent {
    const factory = this.factories.get(kind);
    if (factory) return factory();
    throw new HyperRunError(
      'agent.unknown',
      `There is no agent of kind ${JSON.stringify(kind)}. There are: ${this.kinds().join(', ')}.`,
      { kind },
    );
  }

  kinds(): string[] {
    return [...this.factories.keys()];
  }
}
