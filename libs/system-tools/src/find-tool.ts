import { access, constants } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { HyperRunError } from '#contracts';
import { adviceFor } from './advice.js';
import { messageOf } from './failure.js';
import { provision } from './provision.js';
import { type Log, type Tool, type ToolName, versionOf } from './tool.js';
import { toolCache } from './xdg.js';

export interface FindToolOptions {
  /** Where provisioned programs are kept. Default: `<XDG cache>/hyper-run/tools`. */
  readonly cacheDir?: string;
  readonly log?: Log;
  /** Searched instead of `PATH`. */
  readonly path?: string;
}

/** Names under which the same program is known; valkey-server is a drop-in replacement of redis-server. */
const NAMES: Record<ToolName, readonly string[]> = {
  'redis-server': ['redis-server', 'valkey-server'],
  bwrap: ['bwrap'],
  chromium: ['chromium', 'chromium-browser', 'google-chrome', 'chromium-headless-shell'],
};

/**
 * A program that runs on this machine: from `PATH`, else provisioned without root from the packages of the
 * distribution into `cacheDir` (Debian and its relatives; a few seconds the first time, then kept).
 * @throws HyperRunError `tool.missing`, with the line per system that helps.
 */
export const findTool = async (name: ToolName, options: FindToolOptions = {}): Promise<Tool> => {
  const reasons: string[] = [];
  const onPath = await fromPath(name, options.path ?? process.env['PATH'] ?? '', reasons);
  if (onPath) return onPath;
  try {
    return await provision(name, options.cacheDir ?? toolCache(), options.log ?? (() => {}));
  } catch (error) {
    reasons.push(messageOf(error));
  }
  throw new HyperRunError(
    'tool.missing',
    `${name} is needed and was not found. Tried: ${reasons.join('; ')}. Install it:\n${adviceFor(name)}`,
    { name, reasons },
    'operator',
  );
};

const fromPath = async (name: ToolName, path: string, reasons: string[]): Promise<Tool | undefined> => {
  for (const candidate of NAMES[name]) {
    for (const directory of path.split(delimiter).filter(isAbsolute)) {
      const file = join(directory, candidate);
      if (!(await isExecutable(file))) continue;
      const answer = await versionOf(file, {});
      if ('version' in answer) return { name, path: file, env: {}, origin: 'path', version: answer.version };
      reasons.push(answer.why);
    }
  }
  if (reasons.length === 0) reasons.push(`${NAMES[name].join(' and ')} not on PATH`);
  return undefined;
};

const isExecutable = (file: string): Promise<boolean> =>
  access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
