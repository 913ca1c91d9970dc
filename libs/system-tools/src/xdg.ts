import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/** A base directory by the XDG specification: a relative value is to be ignored. */
const base = (value: string | undefined, env: Environment, ...fallback: string[]): string =>
  value && isAbsolute(value) ? value : join(env['HOME'] || homedir(), ...fallback);

/** Where the log, the artefacts and the token live: `HYPER_RUN_DATA_DIR`, else the XDG data directory, `hyper-run`. */
export const dataDirectory = (env: Environment = process.env): string =>
  env['HYPER_RUN_DATA_DIR']
    ? resolve(env['HYPER_RUN_DATA_DIR'])
    : join(base(env['XDG_DATA_HOME'], env, '.local', 'share'), 'hyper-run');

/** What can be made anew at any time: provisioned programs, set-up results. */
export const cacheDirectory = (env: Environment = process.env): string =>
  join(base(env['XDG_CACHE_HOME'], env, '.cache'), 'hyper-run');

/** Where provisioned programs are kept. */
export const toolCache = (env: Environment = process.env): string => join(cacheDirectory(env), 'tools');
