import type { ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { spawnBound } from '../../libs/event-store/test/spawn-bound.js';
import { Api } from './api.js';
import type { Place } from './place.js';

const MAIN = fileURLToPath(new URL('../../dist/service/main.js', import.meta.url));
const READY = /HyperRun is ready: /;
const STOP_WITHIN_MS = 20_000;
const TAIL = 8000;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The built service as a process of its own. */
export interface Service {
  readonly pid: number;
  /** Resolves when it answers; rejects with the end of its output when it ends before that. */
  readonly ready: Promise<Api>;
  readonly ended: Promise<Ended>;
  /** The end of what it printed. */
  output(): string;
  /** In order, as Ctrl-C does; by force when that takes too long. */
  stop(): Promise<Ended>;
  /** As power loss does. */
  kill(): Promise<Ended>;
}

export type Settings = Readonly<Record<string, string>>;

/** Starts the service on a place: its data directory, its repositories, a lease of one second, a free port. */
export const launch = (place: Place, settings: Settings = {}): Service => {
  const child = spawnBound(process.execPath, [MAIN], {
    env: { ...inherited(), ...place.settings, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = outputOf(child);
  const ended = new Promise<Ended>((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
  const ready = readyApi(child, output, ended, place.dataDirectory);
  ready.catch(() => undefined);
  const end = (signal: NodeJS.Signals) => {
    child.kill(signal);
    return ended;
  };
  const stop = async () => {
    const force = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
    return end('SIGTERM').finally(() => clearTimeout(force));
  };
  return { pid: child.pid ?? 0, ready, ended, output: () => output.text(), stop, kill: () => end('SIGKILL') };
};

/** Nothing of whoever runs the tests decides how the service is set up. */
const inherited = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(HYPER_RUN_|REDIS_URL$|NODE_OPTIONS$|GIT_)/.test(name)),
  );

interface Output {
  text(): string;
  saw(pattern: RegExp): Promise<void>;
}

const outputOf = (child: ChildProcess): Output => {
  let text = '';
  const waiting: (() => void)[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text = (text + chunk).slice(-TAIL);
      for (const look of [...waiting]) look();
    });
  const saw = (pattern: RegExp) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (!pattern.test(text)) return;
        waiting.splice(waiting.indexOf(look), 1);
        resolve();
      };
      waiting.push(look);
      look();
    });
  return { text: () => text, saw };
};

const readyApi = async (
  child: ChildProcess,
  output: Output,
  ended: Promise<Ended>,
  dataDirectory: string,
): Promise<Api> => {
  const failed = ended.then(({ code, signal }) => {
    throw new Error(`The service ended before it was ready (${signal ?? code}).\n${output.text()}`);
  });
  await Promise.race([output.saw(READY), failed]);
  const file = JSON.parse(await readFile(join(dataDirectory, 'service.json'), 'utf8')) as { url: string; pid: number };
  if (file.pid !== child.pid) throw new Error(`service.json names process ${file.pid}, not ${child.pid}.`);
  return new Api(file.url, (await readFile(join(dataDirectory, 'token'), 'utf8')).trim());
};
