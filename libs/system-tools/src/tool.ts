import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { lastLine } from './failure.js';

/** chromium is for the tests of the web app. */
export type ToolName = 'redis-server' | 'bwrap' | 'chromium';

/** One line for the operator. Never on a hot path. */
export type Log = (line: string) => void;

/** A program that was started once and answered. */
export interface Tool {
  readonly name: ToolName;
  /** Absolute path. */
  readonly path: string;
  /** To be added to the environment of every start: `LD_LIBRARY_PATH` when it was provisioned, else nothing. */
  readonly env: Readonly<Record<string, string>>;
  readonly origin: 'path' | 'provisioned';
  /** For example `7.0.15`. */
  readonly version: string;
}

const run = promisify(execFile);

/** The version that `path --version` tells, or why it does not run. */
export const versionOf = async (
  path: string,
  env: Readonly<Record<string, string>>,
): Promise<{ version: string } | { why: string }> => {
  try {
    const { stdout } = await run(path, ['--version'], { env: { ...process.env, ...env }, timeout: 10_000 });
    const version = /\d+\.\d+(\.\d+)?/.exec(stdout)?.[0];
    return version ? { version } : { why: `${path} --version printed no version` };
  } catch (error) {
    return { why: `${path} does not run: ${lastLine(error)}` };
  }
};
