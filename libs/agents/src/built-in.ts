import { LinksAgent, LintAgent, MarkdownAgent, SpellingAgent } from './fixers.js';
import { type AgentFactory, AgentRegistry } from './registry.js';

const builtIn = new AgentRegistry();
for (const Agent of [LinksAgent, MarkdownAgent, SpellingAgent, LintAgent]) builtIn.register(() => new Agent());

/**
 * Adds a class of the operator's to the built-in ones, for every service that is started afterwards.
 * @throws HyperRunError agent.invalid-kind, agent.already-registered
 */
export const registerAgent = (create: AgentFactory): void => builtIn.register(create);

/** The built-in kinds and those that were added to them. */
export const agentRegistry = (): AgentRegistry => new AgentRegistry(builtIn);
