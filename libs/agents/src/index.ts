export * from './base-agent.js';
export * from './built-in.js';
export * from './fixers.js';
export { AGENT_KIND, type AgentFactory, type AgentKind, AgentRegistry } from './registry.js';
export { createToolbox } from './toolbox.js';
export { type ActionType, LAST_REFUSAL, ToolSession } from './tool-session.js';
export * from './definition.js';
export * from './tools.js';
export * from './workplace.js';
