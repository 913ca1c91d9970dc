import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { LAUNCH, runChild } from './child-run.js';
import { DEFAULT_OUTPUT_LIMIT, type RunOptions } from './run-in-sandbox.js';
import type { RunResult } from './run-result.js';

/**
 * Runs a command with nothing around it but an environment of ours, a throw-away home and a process group: it can read
 * and change whatever this user can, reach the network, and leave a process behind that made a session of its own.
 * Only with the operator's word.
 */
export const runUnconfined = async (options: RunOptions): Promise<RunResult> => {
  const home = await mkdtemp(join(await realpath(tmpdir()), 'hyper-run-home-'));
  try {
    return await runChild({
      file: 'sh',
      args: ['-c', LAUNCH, 'sh', options.command],
      cwd: options.directory,
      env: { ...environment(home), ...options.env },
      timeoutMs: options.timeoutMs,
      outputLimitBytes: options.outputLimitBytes ?? DEFAULT_OUTPUT_LIMIT,
      signal: options.signal,
      onOutput: options.onOutput,
    });
  } finally {
    await rm(home, { recursive: true, force: true, maxRetries: 3 });
  }
};

/** Nothing of our own environment but where programs are. */
const environment = (home: string): Record<string, string> => ({
  PATH: [dirname(process.execPath), process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin'].join(':'),
  RUSTUP_HOME: process.env['RUSTUP_HOME'] ?? join(homedir(), '.rustup'),
  HOME: home,
  TMPDIR: home,
  LANG: 'C.UTF-8',
  TZ: 'UTC',
  CI: 'true',
  npm_config_audit: 'false',
  npm_config_fund: 'false',
  npm_config_update_notifier: 'false',
});
