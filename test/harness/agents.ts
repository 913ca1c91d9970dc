import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Place } from './place.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** An agent of ours that speaks ACP and does what its name says: see test/agents/acp-agent.mjs. */
export const acpAgent = (behaviour: string, more: object = {}) => ({
  type: 'acp',
  command: ['node', join(ROOT, 'test/agents/acp-agent.mjs'), behaviour],
  mounts: [join(ROOT, 'node_modules'), join(ROOT, 'test/agents')],
  ...more,
});

/** A command line of ours: see test/agents/command-agent.mjs. */
export const commandAgent = (behaviour: string, more: object = {}) => ({
  type: 'command',
  command: ['node', join(ROOT, 'test/agents/command-agent.mjs'), behaviour, '{prompt}'],
  mounts: [join(ROOT, 'test/agents')],
  ...more,
});

/** Settings of a service that has these agents besides the built-in ones. */
export const withAgents = async (place: Place, agents: object): Promise<{ readonly HYPER_RUN_AGENTS: string }> => {
  const file = join(place.root, 'agents.json');
  await writeFile(file, JSON.stringify(agents));
  return { HYPER_RUN_AGENTS: file };
};
