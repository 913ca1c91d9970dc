export { AcpAgent } from './acp-agent.js';
export { type AgentDefinitions, readAgentsFile } from './agents-file.js';
export * from './base-agent.js';
export * from './built-in.js';
export { CommandAgent } from './command-agent.js';
export { registerConfigured } from './configured.js';
export * from './fixers.js';
export { AGENT_KIND, type AgentFactory, type AgentKind, AgentRegistry } from './registry.js';
export {
  definitionOf,
  installedAt,
  mountsOf,
  type AgentPreset,
  presetOf,
  type PresetChoice,
  PRESETS,
} from './presets.js';
export { fromHome, locateProgram } from './program.js';
export { openModel, type OpenModel } from './llm/language-model.js';
export { takeTurn, type Turn, type TurnTerms } from './llm/turn.js';
export { LlmAgent } from './llm-agent.js';
export { type Done, type Loop, LoopDetector, loopIn } from './loop.js';
export { MarkedData } from './marked-data.js';
export { fillIn } from './prompts.js';
export { RemoteAgent } from './remote-agent.js';
export { type RemoteBrief, type RemoteDesk, RemoteWork } from './remote-work.js';
export { createToolbox } from './toolbox.js';
export { type ActionType, LAST_REFUSAL, ToolSession } from './tool-session.js';
export * from './definition.js';
export * from './tools.js';
export * from './workplace.js';
export { WorkspaceTree } from './workspace-tree.js';
