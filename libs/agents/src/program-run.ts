import { setTimeout as delay } from 'node:timers/promises';
import type { ToolSession } from './tool-session.js';
import type { AgentProcess, AgentProgram, AgentWorkspace } from './workplace.js';

const STDERR_TAIL = 16 << 10;
const TRANSCRIPT = 4 << 20;
const EVENT_TAIL = 8000;
/** How long a program may take to answer that it is to stop, and to end once its input has, before it is made to. */
const STOP_MS = 2000;
const END_MS = 500;

/** One run of an agent's program: what it said is kept, and how it ended is told once, when nothing of it runs any more. */
export class ProgramRun {
  #errors = '';
  readonly #transcript: string[] = [];
  #kept = 0;
  #bytes = 0;
  #ending: Promise<void> | undefined;
  /** While it is at work: asks it to stop, and settles when it has. */
  askToStop: (() => Promise<unknown>) | undefined;

  private constructor(
    readonly process: AgentProcess,
    private readonly session: ToolSession,
    private readonly callId: string,
  ) {
    process.stderr.on('data', (chunk: Buffer) => this.#complain(chunk));
    process.stdin.on('error', () => undefined); // it closed its input: its end tells more
  }

  static async start(
    workspace: AgentWorkspace,
    program: AgentProgram,
    session: ToolSession,
    callId: string,
  ): Promise<ProgramRun> {
    return new ProgramRun(await workspace.start(program), session, callId);
  }

  /** Keeps a line as it came; of very much, the first part. */
  keep(line: string): void {
    this.#bytes += line.length + 1;
    if (this.#kept > TRANSCRIPT) return;
    this.#kept += line.length + 1;
    this.#transcript.push(line);
  }

  /** The last words on its standard error, for a sentence; empty where there are none. */
  lastWords(): string {
    const lines = this.#errors.split('\n').filter((line) => line.trim() !== '');
    return this.session.text(lines.slice(-3).join(' ').trim(), 300);
  }

  /** Ends it, by request and then by force; resolves when nothing of it runs. Tells how it ended. */
  end(): Promise<void> {
    return (this.#ending ??= this.#end());
  }

  async #end(): Promise<void> {
    const { ended, stdin } = this.process;
    if (this.askToStop !== undefined) await within(STOP_MS, Promise.race([ended, this.askToStop()]));
    stdin.end();
    await within(END_MS, ended);
    await this.process.kill();
    const { exitCode, durationMs } = await this.process.ended;
    await this.#tell(exitCode, durationMs).catch(() => undefined); // the attempt is not this worker's any more: nobody listens
  }

  async #tell(exitCode: number | null, durationMs: number): Promise<void> {
    const { session, callId } = this;
    const said = session.text([...this.#transcript, this.#errors].join('\n'), Number.POSITIVE_INFINITY);
    const artifact = said.length > EVENT_TAIL ? await session.ports.keep?.(Buffer.from(said)) : undefined;
    const output = { tail: said.slice(-EVENT_TAIL), bytes: this.#bytes, ...(artifact && { artifact }) };
    await session.act('action.command-finished', 'observed', { callId, exitCode, durationMs, output });
  }

  #complain(chunk: Buffer): void {
    this.#bytes += chunk.length;
    this.#errors = (this.#errors + chunk.toString('utf8')).slice(-STDERR_TAIL);
  }
}

/** Awaits the work, whatever becomes of it, but no longer than this. */
const within = async (ms: number, work: Promise<unknown>): Promise<void> => {
  const timer = new AbortController();
  const quiet = work.then(
    () => undefined,
    () => undefined,
  );
  await Promise.race([quiet, delay(ms, undefined, { signal: timer.signal }).catch(() => undefined)]);
  timer.abort();
};
