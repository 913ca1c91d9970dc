import type { BaseAgent } from './base-agent.js';
import { LinksAgent, LintAgent, MarkdownAgent, SpellingAgent } from './fixers.js';
import { type AgentFactory, AgentRegistry } from './registry.js';

const registry = new AgentRegistry();
for (const Agent of [LinksAgent, MarkdownAgent, SpellingAgent, LintAgent]) registry.register(() => new Agent());

/** Adds an agent of the operator's to the built-in ones. @throws HyperRunError agent.invalid-kind, agent.already-registered */
export const registerAgent = (create: AgentFactory): void => registry.register(create);

/** A fresh agent of a kind, for one task. @throws HyperRunError agent.unknown */
export const agentFor = (kind: string): BaseAgent => registry.create(kind);

/** The kinds that a plan may name. */
export const agentKinds = (): string[] => registry.kinds();
