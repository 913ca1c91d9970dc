// `terminal/*` of an agent: its commands run in its sandbox, started and seen by us.
import { randomUUID } from 'node:crypto';
import { RequestError, type CreateTerminalRequest, type TerminalOutputResponse } from '@agentclientprotocol/sdk';
import { HyperRunError } from '#contracts';
import { scopeViolation } from '#workspace';
import type { ToolSession } from './tool-session.js';
import type { AgentProcess } from './workplace.js';

const MOST_OPEN = 16;
const MOST_KEPT = 1 << 20;
const EVENT_TAIL = 8000;

interface Terminal {
  readonly process: AgentProcess;
  readonly output: Tail;
  exitCode: number | null | undefined;
  readonly told: Promise<void>;
}

export class AcpTerminals {
  readonly #open = new Map<string, Terminal>();

  constructor(
    private readonly session: ToolSession,
    private readonly root: string,
  ) {}

  /** @throws HyperRunError tool.refused: a working directory outside the repository; tool.too-many-terminals */
  async create({ command, args = [], env = [], cwd, outputByteLimit }: CreateTerminalRequest): Promise<string> {
    const directory = cwd ?? this.root;
    return this.session.call('run', undefined, async () => {
      const { workspace } = this.session.ports;
      if (workspace === undefined)
        throw await this.session.lacks('run', 'tool.no-sandbox', 'There is no sandbox here.');
      if (directory !== this.root && !directory.startsWith(`${this.root}/`))
        throw scopeViolation(
          directory,
          'outside-repository',
          `A command runs within ${this.root}, not in ${JSON.stringify(directory.slice(0, 500))}.`,
        );
      if (this.#open.size >= MOST_OPEN)
        throw new HyperRunError('tool.too-many-terminals', `${MOST_OPEN} terminals are open. Release one first.`);
      const id = randomUUID();
      const line = [command, ...args].join(' ');
      await this.session.act('action.command-started', 'observed', {
        callId: id,
        command: this.session.text(line, 4000),
      });
      const program = args.length > 0 ? [command, ...args] : ['sh', '-c', command];
      const process = await workspace.start({
        argv: ['sh', '-c', 'cd -- "$1" && shift && exec "$@"', 'sh', directory, ...program],
        env: Object.fromEntries(env.filter(({ name }) => VARIABLE.test(name)).map(({ name, value }) => [name, value])),
        signal: this.session.signal,
      });
      this.#open.set(id, this.#follow(id, process, Math.min(outputByteLimit ?? MOST_KEPT, MOST_KEPT)));
      return id;
    });
  }

  output(id: string): TerminalOutputResponse {
    const { output, exitCode } = this.#of(id);
    return {
      output: output.text(),
      truncated: output.truncated,
      ...(exitCode === undefined ? {} : { exitStatus: statusOf(exitCode) }),
    };
  }

  async waitForExit(id: string) {
    const terminal = this.#of(id);
    await terminal.told;
    return statusOf(terminal.exitCode ?? null);
  }

  async kill(id: string): Promise<void> {
    await this.#of(id).process.kill();
  }

  async release(id: string): Promise<void> {
    const terminal = this.#of(id);
    this.#open.delete(id);
    await terminal.process.kill();
    await terminal.told;
  }

  /** When the session is over; resolves when nothing of them runs. */
  async close(): Promise<void> {
    await Promise.all([...this.#open.keys()].map((id) => this.release(id)));
  }

  #follow(callId: string, process: AgentProcess, limit: number): Terminal {
    const output = new Tail(limit);
    process.stdin.end();
    for (const stream of [process.stdout, process.stderr])
      stream.on('data', (chunk: Buffer) => {
        output.push(chunk);
        this.session.ports.progress?.();
      });
    const terminal: Terminal = { process, output, exitCode: undefined, told: process.ended.then(tell) };
    const { session } = this;
    async function tell({ exitCode, durationMs }: Awaited<AgentProcess['ended']>): Promise<void> {
      terminal.exitCode = exitCode;
      const text = session.text(output.text(), Number.POSITIVE_INFINITY);
      const artifact = text.length > EVENT_TAIL ? await session.ports.keep?.(Buffer.from(text)) : undefined;
      const shown = { tail: text.slice(-EVENT_TAIL), bytes: output.bytes, ...(artifact && { artifact }) };
      await session.act('action.command-finished', 'observed', { callId, exitCode, durationMs, output: shown });
    }
    terminal.told.catch(() => undefined); // the attempt is not this worker's any more: nobody listens
    return terminal;
  }

  #of(id: string): Terminal {
    const terminal = this.#open.get(id);
    if (terminal === undefined) throw RequestError.resourceNotFound(`terminal ${id.slice(0, 64)}`);
    return terminal;
  }
}

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]{0,119}$/;

const statusOf = (exitCode: number | null) => ({ exitCode, signal: exitCode === null ? 'SIGKILL' : null });

/** The end of what was printed. */
class Tail {
  #text = Buffer.alloc(0);
  bytes = 0;

  constructor(private readonly limit: number) {}

  get truncated(): boolean {
    return this.bytes > this.limit;
  }

  push(chunk: Buffer): void {
    this.bytes += chunk.length;
    const all = Buffer.concat([this.#text, chunk]);
    this.#text = all.length > this.limit ? Buffer.from(all.subarray(-this.limit)) : all;
  }

  text(): string {
    return this.#text.toString('utf8').replace(/^\ufffd+/, '');
  }
}
