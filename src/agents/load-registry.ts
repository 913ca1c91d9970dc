import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { agentRegistry, readAgentsFile, registerConfigured, type AgentRegistry } from '#agents';
import { HyperRunError, isHyperRunError } from '#contracts';
import type { Config } from '../config/config.js';

/** Where the operator describes agents from outside: never in a repository. */
export const agentsFileOf = ({ agentsFile, dataDirectory }: Config): string =>
  agentsFile ?? join(dataDirectory, 'agents.json');

/**
 * The built-in kinds of agents and those that `agents.json` describes. Without that file there are no others, unless it was named.
 * @throws HyperRunError `config.invalid`: the file, the agent and the field
 */
export const loadRegistry = async (config: Config): Promise<AgentRegistry> => {
  const registry = agentRegistry();
  const file = agentsFileOf(config);
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' && config.agentsFile === undefined) return undefined;
    throw invalid(`HYPER_RUN_AGENTS: ${file} cannot be read: ${error.message}`, error);
  });
  const definitions = text === undefined ? {} : readAgentsFile(text, file);
  for (const [kind, definition] of Object.entries(definitions))
    try {
      registerConfigured(registry, kind, definition);
    } catch (error) {
      if (isHyperRunError(error)) throw invalid(`${file}: agent ${JSON.stringify(kind)}: ${error.message}`, error);
      throw error;
    }
  requireWordingAgent(registry, config);
  return registry;
};

const requireWordingAgent = (registry: AgentRegistry, { wordedBy }: Config): void => {
  if (wordedBy === undefined) return;
  const models = registry.kinds().filter((kind) => registry.describe(kind).definition?.type === 'llm');
  if (models.includes(wordedBy)) return;
  const there = models.length === 0 ? 'there is none' : `there are: ${models.join(', ')}`;
  throw invalid(`HYPER_RUN_WORDED_BY: expected the name of an agent of type llm (${there}), found "${wordedBy}".`);
};

const invalid = (message: string, cause?: unknown) =>
  new HyperRunError('config.invalid', message, {}, 'operator', { cause });
