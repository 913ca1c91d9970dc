import { HyperRunError, type FindingSource, type PlannedAgent } from '#contracts';
import type { BaseAgent } from './base-agent.js';
import { modelOf, type AgentDefinition } from './definition.js';

export type AgentFactory = () => BaseAgent;

/** What is known of a kind of agents before any of them works. */
export interface AgentKind {
  readonly kind: string;
  readonly name: string;
  readonly role: string;
  readonly understandsWords: boolean;
  /** As a plan names it, with all that it is given by whoever approves the plan. */
  readonly planned: PlannedAgent;
  /** Findings that it takes although nobody can repair them for certain. A fixer takes only what names it. */
  readonly does: readonly FindingSource[];
  /** Of an agent that the operator configured. */
  readonly definition?: AgentDefinition;
}

interface Known {
  readonly create: AgentFactory;
  readonly definition?: AgentDefinition;
}

export const AGENT_KIND = /^[a-z0-9-]{1,36}$/;

/**
 * Notes, links, misspellings, Markdown and lint can be judged by looking again. Low coverage cannot: that takes a run of the
 * repository's tests under its own coverage tool.
 */
const JUDGED_BY_LOOKING_AGAIN: readonly FindingSource[] = ['links', 'lint', 'spelling', 'markdown', 'todo'];

/** The kinds of agents that can be asked. */
export class AgentRegistry {
  private readonly known: Map<string, Known>;

  /** Begins with all kinds of another one. */
  constructor(begin?: AgentRegistry) {
    this.known = new Map(begin?.known);
  }

  /**
   * Adds a kind, under the `kind` of what the factory makes. The factory is called once per task.
   * @throws HyperRunError agent.invalid-kind, agent.already-registered
   */
  register(create: AgentFactory, definition?: AgentDefinition): void {
    const { kind } = create();
    if (!AGENT_KIND.test(kind)) {
      throw new HyperRunError(
        'agent.invalid-kind',
        `Expected a kind of 1 to 36 characters a-z, 0-9 and hyphen, found ${JSON.stringify(kind)}.`,
        { kind },
      );
    }
    if (this.known.has(kind))
      throw new HyperRunError('agent.already-registered', `There is an agent of kind ${kind} already.`, { kind });
    this.known.set(kind, { create, ...(definition === undefined ? {} : { definition }) });
  }

  /** A fresh agent, for one task. @throws HyperRunError agent.unknown */
  create(kind: string): BaseAgent {
    return this.of(kind).create();
  }

  /** @throws HyperRunError agent.unknown */
  describe(kind: string): AgentKind {
    const { create, definition } = this.of(kind);
    const agent = create();
    const { name, role, understandsWords } = agent;
    const does = definition === undefined ? [] : (definition.does ?? JUDGED_BY_LOOKING_AGAIN);
    return {
      kind,
      name,
      role,
      understandsWords,
      planned: plannedAgent(agent, definition),
      does: does.filter((source) => JUDGED_BY_LOOKING_AGAIN.includes(source)),
      ...(definition === undefined ? {} : { definition }),
    };
  }

  kinds(): string[] {
    return [...this.known.keys()];
  }

  private of(kind: string): Known {
    const found = this.known.get(kind);
    if (found !== undefined) return found;
    throw new HyperRunError(
      'agent.unknown',
      `There is no agent of kind ${JSON.stringify(kind)}. There are: ${this.kinds().join(', ')}.`,
      { kind },
    );
  }
}

const plannedAgent = ({ kind, digest, workplace }: BaseAgent, definition?: AgentDefinition): PlannedAgent => {
  const common = { kind, digest, adapter: definition?.type ?? ('built-in' as const), workplace };
  const model = modelOf(definition);
  if (model === undefined) return common;
  const { credential } = model;
  const reach = { model: model.name, host: new URL(model.baseUrl).host };
  return { ...common, ...reach, ...(credential === undefined ? {} : { credential }) };
};
