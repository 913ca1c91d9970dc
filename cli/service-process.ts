import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { HyperRunError } from '#contracts';
import { dataDirectory } from '#system-tools';
import { findAddress, readServiceFile, type Address } from './address.js';
import { ServiceClient } from './client.js';
import { unreachable, workFailed } from './exit-codes.js';
import { clean } from './text.js';

/** In few files, so that it starts in a third of the time; `npm run dev` makes none. */
const BUNDLE = fileURLToPath(new URL('../service/main.js', import.meta.url));
const MODULES = fileURLToPath(new URL('../src/main.js', import.meta.url));
const READY_WITHIN_MS = 180_000;
const STOP_WITHIN_MS = 20_000;
const TAIL = 4000;

export interface ServiceProcess {
  readonly address: Address;
  readonly child: ChildProcess;
  readonly pid: number;
  /** Asks it to end and waits; kills it when it does not. Safe to call twice. */
  stop(): Promise<void>;
  /** As power loss would: no goodbye. Resolves when the process is gone. */
  kill(): Promise<void>;
}

export interface StartOptions {
  readonly env: NodeJS.ProcessEnv;
  /** `inherit`: its output is ours. `quiet`: the end of it is shown only if it fails. */
  readonly output: 'inherit' | 'quiet';
  readonly signal?: AbortSignal;
  /** The program; the service itself unless told otherwise. */
  readonly main?: string;
}

/** Starts the service as a process of its own, away from the terminal's Ctrl-C, and waits until it is ready. */
export const startService = async ({
  env,
  output,
  signal,
  main = existsSync(BUNDLE) ? BUNDLE : MODULES,
}: StartOptions): Promise<ServiceProcess> => {
  await mkdir(dataDirectory(env), { recursive: true });
  const child = spawn(process.execPath, [main], {
    env,
    detached: true,
    stdio: ['ignore', output === 'inherit' ? 'inherit' : 'pipe', output === 'inherit' ? 'inherit' : 'pipe'],
  });
  const said = listen(child);
  const service = { child, pid: child.pid ?? 0, stop: () => end(child, 'SIGTERM'), kill: () => end(child, 'SIGKILL') };
  try {
    return { ...service, address: await ready(child, env, said, signal) };
  } catch (error) {
    await service.stop();
    throw error;
  }
};

const listen = (child: ChildProcess): (() => string) => {
  let tail = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => (tail = (tail + text).slice(-TAIL)));
  return () => clean(tail).trim();
};

const ready = async (child: ChildProcess, env: NodeJS.ProcessEnv, said: () => string, signal?: AbortSignal) => {
  const deadline = Date.now() + READY_WITHIN_MS;
  const mine = { ...env, HYPER_RUN_URL: undefined };
  while (Date.now() < deadline) {
    if (signal?.aborted) throw workFailed('Interrupted before the service was ready.');
    if (child.exitCode !== null || child.signalCode !== null) throw startFailed(child, said());
    if ((await readServiceFile(dataDirectory(env)))?.pid === child.pid) {
      const address = await findAddress(mine);
      if (await isReady(address)) return address;
    }
    await wait(50);
  }
  throw unreachable(`The service was not ready within ${READY_WITHIN_MS / 1000} s.\n${said()}`);
};

const startFailed = (child: ChildProcess, output: string): Error => {
  const message = `The service did not start (${child.signalCode ?? `exit ${child.exitCode}`}).\n${output}`.trim();
  return child.exitCode === 2 ? new HyperRunError('cli.usage', message) : unreachable(message);
};

export const isReady = async (address: Address): Promise<boolean> => {
  try {
    await new ServiceClient(address).text('/health/ready');
    return true;
  } catch (error) {
    if (error instanceof HyperRunError) return false;
    throw error;
  }
};

const end = async (child: ChildProcess, signal: NodeJS.Signals): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  const late = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
  await gone;
  clearTimeout(late);
};

/** The service that answers, or one of our own that ends with the work. */
export const reachOrStart = async (
  env: NodeJS.ProcessEnv,
  onStart: () => void,
  signal?: AbortSignal,
): Promise<{ readonly address: Address; readonly own?: ServiceProcess }> => {
  try {
    const address = await findAddress(env);
    if (await isReady(address)) return { address };
    if (env.HYPER_RUN_URL !== undefined) throw unreachable(`No service answers at ${address.url}.`);
  } catch (error) {
    if (!(error instanceof HyperRunError) || error.code !== 'service.unreachable' || env.HYPER_RUN_URL !== undefined)
      throw error;
  }
  onStart();
  const own = await startService({ env, output: 'quiet', signal });
  return { address: own.address, own };
};
