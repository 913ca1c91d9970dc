import { type ChildProcess, spawn } from 'node:child_process';
import { PassThrough, type Readable, type Writable } from 'node:stream';
import { HyperRunError } from '#contracts';
import { CapturedOutput } from './captured-output.js';
import { FIRST_INPUT, firstOf, INFO, leaveNothing, STARTED, startWatches, type Told } from './child-run.js';
import { feed, textOf } from './child-streams.js';
import { withoutInherited } from './inherited-descriptors.js';
import { OutputGuard } from './output-guard.js';
import { kill } from './process-table.js';
import { Standstill } from './standstill.js';
import type { Watch } from './watch.js';

/** A program that was started and is talked to while it runs. */
export interface LiveChild {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** When it and all that it started have ended. Never rejects. */
  readonly ended: Promise<LiveChildEnd>;
  /** Ends it and all that it started. May be called again. */
  kill(): Promise<void>;
  /** It and all that it started stand still, until they are to go on; what is asked for last counts. */
  standStill(still: boolean): Promise<void>;
}

export interface LiveChildEnd {
  /** Null: a signal ended it. */
  readonly exitCode: number | null;
  readonly durationMs: number;
  /** The limit that it was ended for: a sentence. */
  readonly limit?: string;
}

export interface LiveChildCall {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly inputs: readonly string[];
  readonly watches: readonly Watch[];
  readonly signal?: AbortSignal | undefined;
}

/** What a program is started through: it says that it runs once there is nothing left that could fail but the program itself. */
export const LAUNCH_PROGRAM =
  'umask 022; command -v -- "$1" >/dev/null 2>&1 || { printf "%s: there is no such program\\n" "$1" >&2; exit 127; }; ' +
  'echo >&4; exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-; exec "$@"';

/** @throws HyperRunError `sandbox.could-not-start`: nothing of the program ran; the signal's reason */
export const startChild = async (call: LiveChildCall): Promise<LiveChild> => {
  call.signal?.throwIfAborted();
  const child = new ConfinedChild(call);
  await child.started();
  return child;
};

class ConfinedChild implements LiveChild {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly ended: Promise<LiveChildEnd>;
  readonly #child: ChildProcess;
  readonly #told: Told;
  readonly #signal: AbortSignal | undefined;
  readonly #standstill: Standstill;
  #failure: string | undefined;
  #limit: string | undefined;
  #killed = false;

  constructor({ file, args, env, inputs, watches, signal }: LiveChildCall) {
    const began = performance.now();
    const stdio = withoutInherited(['pipe', 'pipe', 'pipe', 'pipe', 'pipe', ...inputs.map(() => 'pipe' as const)]);
    this.#child = spawn(file, [...args], { cwd: '/', env: { ...env }, detached: true, stdio });
    const exited = new Promise<void>((resolve) => {
      this.#child.once('exit', () => resolve());
      this.#child.once('error', (error) => resolve(void (this.#failure = error.message)));
    });
    this.#signal = signal;
    this.stdin = this.#child.stdin ?? new PassThrough();
    this.stdin.on('error', () => undefined); // it closed its input: whoever waits for an answer learns of it by its end
    this.stdout = this.#guarded(this.#child.stdout);
    this.stderr = this.#guarded(this.#child.stderr);
    this.#told = { info: textOf(this.#child, INFO), launched: textOf(this.#child, STARTED) };
    this.#standstill = new Standstill(this.#told.launched.began.then(() => firstOf(this.#told.info)));
    feed(this.#child, FIRST_INPUT, inputs);
    const endWatch = startWatches(watches, this.#told, (why) => this.#stopFor(why));
    this.ended = exited.then(() => this.#end(began, endWatch));
    const abort = () => void this.kill();
    signal?.addEventListener('abort', abort, { once: true });
    void this.ended.then(() => signal?.removeEventListener('abort', abort));
  }

  async started(): Promise<void> {
    const { launched } = this.#told;
    const endedFirst = this.ended.then(async () => {
      await launched.ended;
      return launched.text() !== '';
    });
    if (await Promise.race([launched.began.then(() => true), endedFirst])) return;
    this.#signal?.throwIfAborted();
    const words = new CapturedOutput(8192);
    for await (const chunk of this.stderr) words.push(Buffer.from(chunk as Buffer));
    throw couldNotStart([this.#failure, words.bytes().toString('utf8').trim()].filter(Boolean).join('; '));
  }

  async kill(): Promise<void> {
    const { pid, exitCode, signalCode } = this.#child;
    if (pid !== undefined && exitCode === null && signalCode === null) {
      this.#killed = true;
      kill(-pid, 'SIGKILL');
    }
    await this.ended;
  }

  async standStill(still: boolean): Promise<void> {
    const standing = still ? this.#standstill.begin() : this.#standstill.end();
    await Promise.race([standing, this.ended]);
  }

  async #end(began: number, endWatch: () => void): Promise<LiveChildEnd> {
    endWatch();
    await leaveNothing(this.#child, this.#told.info);
    const exitCode = this.#killed ? null : this.#child.exitCode;
    const limit = this.#limit === undefined ? {} : { limit: this.#limit };
    return { exitCode, durationMs: performance.now() - began, ...limit };
  }

  #stopFor(why: string): void {
    this.#limit ??= `It was stopped: ${why}.`;
    void this.kill();
  }

  /** Read at once: Node throws away what nobody reads before the end of a process. */
  #guarded(stream: Readable | null): Readable {
    const guard = new OutputGuard((why) => this.#stopFor(why));
    return stream === null ? guard.end() : stream.pipe(guard);
  }
}

const couldNotStart = (why: string) =>
  new HyperRunError(
    'sandbox.could-not-start',
    `The program could not be started in the sandbox: ${why}`,
    {},
    'operator',
  );
