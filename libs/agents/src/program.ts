// From the words of a definition to a program that the sandbox can start.
import { access, constants, realpath, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, delimiter, isAbsolute, join } from 'node:path';
import { HyperRunError } from '#contracts';
import type { AcpDefinition, CommandDefinition } from './definition.js';
import type { AgentProgram, ModelAccess } from './workplace.js';

export type ProgramDefinition = AcpDefinition | CommandDefinition;

type Environment = Readonly<Record<string, string | undefined>>;
type Mount = NonNullable<AgentProgram['readOnly']>[number];

/** Folders that every sandbox shows as they are. */
const SYSTEM = /^\/(usr|bin|sbin|lib\w*|nix)(\/|$)/;
const INSIDE = '/opt/agent';

/**
 * The file that a command means: on the PATH of the service where it is a bare name.
 * @throws HyperRunError agent.program-missing
 */
export const locateProgram = async (name: string, env: Environment = process.env): Promise<string> => {
  const places = name.includes('/') ? [fromHome(name)] : (env['PATH'] ?? '').split(delimiter).filter(isAbsolute);
  for (const place of places) {
    const file = name.includes('/') ? place : join(place, name);
    if (await isExecutable(file)) return realpath(file);
  }
  throw new HyperRunError(
    'agent.program-missing',
    name.includes('/')
      ? `There is no program ${place(places)} that can be run.`
      : `${name} was not found on the PATH of the service. Install it, or name it by its whole path.`,
    { name },
    'operator',
  );
};

const place = ([path = '']: readonly string[]) => JSON.stringify(path);

export const fromHome = (path: string): string => (path.startsWith('~/') ? join(homedir(), path.slice(2)) : path);

const isExecutable = async (file: string): Promise<boolean> => {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false; // there is none, or it is not ours to run: the next place may have one
  }
};

/**
 * A program as the sandbox sees it: where it lies there, and what has to be shown for that. A package of npm brings the
 * `node_modules` that it lies in; what lies below one of the operator's mounts is there already.
 */
export const shownProgram = (
  file: string,
  mounts: readonly Mount[],
): { readonly path: string; readonly readOnly: readonly Mount[] } => {
  const mount = mounts.find(({ host }) => file === host || file.startsWith(`${host}/`));
  if (mount !== undefined) return { path: mount.inside + file.slice(mount.host.length), readOnly: [] };
  if (SYSTEM.test(file)) return { path: file, readOnly: [] };
  const packages = /^(.*?\/node_modules)\/(.+)$/.exec(file);
  const [host = file, inside = `${INSIDE}/bin/${basename(file)}`] =
    packages === null ? [] : [packages[1], `${INSIDE}/node_modules`];
  return { path: packages === null ? inside : `${inside}/${packages[2]}`, readOnly: [{ host, inside }] };
};

export interface ProgramWords {
  readonly prompt?: string;
  /** Of the files that may be changed, absolute. An argument `{paths}` becomes one argument for each. */
  readonly paths?: readonly string[];
  readonly model?: ModelAccess;
  readonly env?: Environment;
}

/**
 * The program of a definition, its words filled in: `{prompt}`, `{model}`, `{modelUrl}` and `{modelKey}`.
 * @throws HyperRunError agent.program-missing, agent.no-model
 */
export const programOf = async (definition: ProgramDefinition, words: ProgramWords): Promise<AgentProgram> => {
  if (definition.model !== undefined && words.model === undefined)
    throw new HyperRunError('agent.no-model', 'There is no way to the model that this agent needs.', {}, 'operator');
  const [name = '', ...rest] = definition.command;
  const mounts = await Promise.all((definition.mounts ?? []).map(mountOf));
  const { path, readOnly } = shownProgram(await locateProgram(name, words.env), mounts);
  const fill = filling(words);
  const filled = (record: Readonly<Record<string, string>> = {}): Record<string, string> =>
    Object.fromEntries(Object.entries(record).map(([key, value]) => [key, fill(value)]));
  return {
    argv: [path, ...rest.flatMap((word) => (word === '{paths}' ? [...(words.paths ?? [])] : [fill(word)]))],
    env: filled(definition.env),
    readOnly: [...readOnly, ...mounts],
    ...(definition.home === undefined ? {} : { home: filled(definition.home) }),
    ...(definition.homeTemplate === undefined ? {} : { homeTemplate: fromHome(definition.homeTemplate) }),
  };
};

/** Under the name that the operator gave it: scripts name their interpreter by it. */
const mountOf = async (path: string): Promise<Mount> => {
  const inside = fromHome(path);
  const host = await realpath(inside).catch(() => undefined);
  if (host !== undefined) return { host, inside };
  throw new HyperRunError('agent.program-missing', `mounts: there is no ${inside}.`, { path }, 'operator');
};

/** Each word once, in one pass: what is put in is not looked through again. */
const filling = ({ prompt, model }: ProgramWords) => {
  const values: Readonly<Record<string, string | undefined>> = {
    prompt,
    model: model?.model,
    modelUrl: model?.baseUrl,
    modelKey: model?.dummyKey,
  };
  return (text: string) =>
    text.replaceAll(/\{(prompt|model|modelUrl|modelKey)\}/g, (whole, name: string) => values[name] ?? whole);
};
