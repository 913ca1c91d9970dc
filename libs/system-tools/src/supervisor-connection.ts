import { spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const Message = z.object({
  type: z.enum(['ready', 'restarted', 'closing', 'failed']),
  socketPath: z.string(),
  pid: z.number(),
  supervisor: z.number(),
  why: z.string(),
});
export type Message = z.infer<typeof Message>;

/** Between two attempts: the first pause, doubled after each, up to the most. */
export interface Pause {
  readonly firstMs: number;
  readonly mostMs: number;
}

/** What a supervisor is told at its start; see supervisor.mjs. */
export interface Supervised {
  readonly home: string;
  readonly sockets: string;
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
  readonly config: Readonly<Record<string, string>>;
  /** Before Redis is started again; back to the first after a minute of health. */
  readonly pause: Pause;
}

const SUPERVISOR = fileURLToPath(new URL('./supervisor.mjs', import.meta.url));

/** Our hold on a supervisor: Redis lives while at least one such connection is open. */
export class SupervisorConnection {
  /** When the other side is gone. */
  readonly closed: Promise<void>;
  /** The first thing it said; `undefined` when it went without a word. */
  readonly first: Promise<Message | undefined>;
  #listener: (message: Message) => void = () => undefined;

  constructor(private readonly socket: Socket) {
    this.closed = new Promise((resolve) => void socket.once('close', () => resolve()));
    this.first = new Promise((resolve) => {
      let rest = '';
      socket.setEncoding('utf8').on('data', (text: string) => {
        const lines = (rest + text).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          const message = Message.parse(JSON.parse(line));
          resolve(message);
          this.#listener(message);
        }
      });
      void this.closed.then(() => resolve(undefined));
    });
    socket.on('error', () => socket.destroy());
  }

  onMessage(listener: (message: Message) => void): void {
    this.#listener = listener;
  }

  /** A process that has nothing else to do may end, which lets go. */
  unref(): void {
    this.socket.unref();
  }

  /** Lets go. Resolves at once when others hold on, else after Redis has ended. */
  async release(): Promise<void> {
    this.socket.ref();
    this.socket.end();
    await this.closed;
  }
}

/** A connection to the supervisor that runs, if one does. */
export const reach = async (sockets: string): Promise<SupervisorConnection | undefined> => {
  const numbers = (await readdir(sockets)).map((name) => Number(/^supervisor\.(\d+)$/.exec(name)?.[1] ?? 0));
  const newest = Math.max(0, ...numbers);
  if (newest === 0) return undefined;
  const socket = connect({ path: join(sockets, `supervisor.${newest}`), allowHalfOpen: false });
  const connection = new SupervisorConnection(socket);
  const connected = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true));
    void connection.closed.then(() => resolve(false));
  });
  return connected ? connection : undefined;
};

/**
 * Starts a supervisor, which wins or loses against others that were started at the same instant.
 * @returns its pid when it won, `undefined` when another one runs.
 * @throws Error when it could not do either; the message is what it printed.
 */
export const startSupervisor = async (supervised: Supervised): Promise<number | undefined> => {
  const child = spawn(process.execPath, [SUPERVISOR, JSON.stringify(supervised)], {
    cwd: supervised.home,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '' },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject).once('close', () => resolve());
    child.stdout.on('data', () => stdout.includes('\n') && resolve());
  });
  child.stdout.destroy();
  child.stderr.destroy();
  child.unref();
  if (stdout === 'won\n') return child.pid;
  if (stdout === 'lost\n') return undefined;
  throw new Error(`The supervisor of Redis did not start: ${stderr.trim() || 'it ended without a word'}`);
};
