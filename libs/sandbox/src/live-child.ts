import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { PassThrough, type Readable, type Writable } from 'node:stream';
import { HyperRunError } from '#contracts';
import { CapturedOutput } from './captured-output.js';
import { FIRST_INPUT, INFO, leaveNothing, STARTED } from './child-run.js';
import { type Collected, feed, textOf } from './child-streams.js';
import { withoutInherited } from './inherited-descriptors.js';
import { kill } from './process-table.js';

/** A program that was started and is talked to while it runs. */
export interface LiveChild {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** When it and all that it started have ended. Never rejects. */
  readonly ended: Promise<LiveChildEnd>;
  /** Ends it and all that it started. May be called again; a reason is kept from the first call. */
  kill(reason?: string): Promise<void>;
}

export interface LiveChildEnd {
  /** Null: a signal ended it. */
  readonly exitCode: number | null;
  readonly durationMs: number;
  /** Why it was ended by us: a sentence. */
  readonly stopped?: string;
}

export interface LiveChildCall {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly inputs: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

/** What a program is started through: it says that it runs once there is nothing left that could fail but the program itself. */
export const LAUNCH_PROGRAM =
  'umask 022; command -v -- "$1" >/dev/null 2>&1 || { printf "%s: there is no such program\\n" "$1" >&2; exit 127; }; ' +
  'echo >&4; exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-; exec "$@"';

/** @throws HyperRunError `sandbox.could-not-start`: nothing of the program ran; the signal's reason */
export const startChild = async (call: LiveChildCall): Promise<LiveChild> => {
  call.signal?.throwIfAborted();
  const began = performance.now();
  const child = spawn(call.file, [...call.args], {
    cwd: '/',
    env: { ...call.env },
    detached: true,
    stdio: withoutInherited(['pipe', 'pipe', 'pipe', 'pipe', 'pipe', ...call.inputs.map(() => 'pipe' as const)]),
  });
  const { stdin } = child;
  // Read at once: Node throws away what nobody reads before the end of a process.
  const [stdout, stderr] = [child.stdout, child.stderr].map((stream) => stream?.pipe(new PassThrough()));
  if (stdin === null || stdout === undefined || stderr === undefined) throw couldNotStart('it has no standard streams');
  const failed = new Promise<string>((resolve) => void child.once('error', (error) => resolve(error.message)));
  const exited = Promise.race([once(child, 'exit'), failed]);
  const info = textOf(child, INFO);
  const launched = textOf(child, STARTED);
  feed(child, FIRST_INPUT, call.inputs);
  let stopped: string | undefined;
  const ended = exited.then(async (): Promise<LiveChildEnd> => {
    await leaveNothing(child, info);
    const exitCode = stopped === undefined ? child.exitCode : null;
    return { exitCode, durationMs: performance.now() - began, ...(stopped === undefined ? {} : { stopped }) };
  });
  const stop = async (reason = 'It was called off.') => {
    if (child.exitCode === null && child.signalCode === null) stopped ??= reason;
    if (child.pid !== undefined) kill(-child.pid, 'SIGKILL');
    await ended;
  };
  const abort = () => void stop();
  call.signal?.addEventListener('abort', abort, { once: true });
  void ended.then(() => call.signal?.removeEventListener('abort', abort));
  if (!(await Promise.race([launched.began.then(() => true), ended.then(() => hasBegun(launched))])))
    throw await whyNot(stderr, child.pid === undefined ? await failed : '', call.signal);
  stdin.on('error', () => undefined); // it closed its input: whoever waits for an answer learns of it by its end
  return { stdin, stdout, stderr, ended, kill: stop };
};

const hasBegun = async (launched: Collected): Promise<boolean> => {
  await launched.ended;
  return launched.text() !== '';
};

const whyNot = async (stderr: Readable, failure: string, signal?: AbortSignal): Promise<Error> => {
  if (signal?.aborted) return signal.reason instanceof Error ? signal.reason : couldNotStart('it was called off');
  const words = new CapturedOutput(8192);
  for await (const chunk of stderr) words.push(Buffer.from(chunk as Buffer));
  return couldNotStart([failure, words.bytes().toString('utf8').trim()].filter(Boolean).join('; '));
};

const couldNotStart = (why: string) =>
  new HyperRunError(
    'sandbox.could-not-start',
    `The program could not be started in the sandbox: ${why}`,
    {},
    'operator',
  );
