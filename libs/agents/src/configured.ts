import { AcpAgent } from './acp-agent.js';
import type { BaseAgent } from './base-agent.js';
import { CommandAgent } from './command-agent.js';
import type { AgentDefinition } from './definition.js';
import { LlmAgent } from './llm-agent.js';
import type { AgentRegistry } from './registry.js';
import { RemoteAgent } from './remote-agent.js';

/** A fresh agent as it is configured. */
export const configuredAgent = (kind: string, definition: AgentDefinition): BaseAgent => {
  switch (definition.type) {
    case 'acp':
      return new AcpAgent(kind, definition);
    case 'command':
      return new CommandAgent(kind, definition);
    case 'llm':
      return new LlmAgent(kind, definition);
    case 'remote':
      return new RemoteAgent(kind, definition);
  }
};

/** @throws HyperRunError agent.already-registered, agent.invalid-kind */
export const registerConfigured = (registry: AgentRegistry, kind: string, definition: AgentDefinition): void =>
  registry.register(() => configuredAgent(kind, definition), definition);
