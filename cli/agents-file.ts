// `agents.json` of the service, as the command line writes it. The service reads it when it starts.
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { randomUUID } from 'node:crypto';
import type { AgentDefinition, AgentDefinitions } from '#agents';
import { dataDirectory } from '#system-tools';
import { usageError } from './exit-codes.js';

/** Where the service of this environment looks for it. */
export const agentsFile = (env: NodeJS.ProcessEnv): string =>
  env.HYPER_RUN_AGENTS ? resolve(env.HYPER_RUN_AGENTS) : join(dataDirectory(env), 'agents.json');

/** Those that are in it; none where there is no such file. @throws HyperRunError config.invalid */
export const configuredAgents = async (file: string): Promise<AgentDefinitions> => {
  const { readAgentsFile } = await import('#agents');
  const text = await textOf(file);
  return text === undefined ? {} : readAgentsFile(text, file);
};

/**
 * Adds an agent, and leaves the others as they are written there.
 * @throws HyperRunError cli.usage: there is one of that name; config.invalid: the file or the agent is not as it has to be
 */
export const addAgent = async (
  file: string,
  name: string,
  definition: AgentDefinition,
  { replace = false } = {},
): Promise<void> => {
  const { readAgentsFile } = await import('#agents');
  const there = await configuredAgents(file);
  if (Object.hasOwn(there, name) && !replace)
    throw usageError(`There is an agent ${name} in ${file} already. --as gives this one another name, --replace puts it in its place.`); // prettier-ignore
  const before = JSON.parse((await textOf(file)) ?? '{}') as object;
  const text = `${JSON.stringify({ ...before, [name]: definition }, undefined, 2)}\n`;
  readAgentsFile(text, file);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, text, { mode: 0o600 });
  await rename(draft, file);
};

const textOf = (file: string): Promise<string | undefined> =>
  readFile(file, 'utf8').then(
    (text) => text.replace(/^\ufeff/, ''),
    (error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? undefined : Promise.reject(error)),
  );
