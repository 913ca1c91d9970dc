import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { HyperRunError } from '#contracts';
import { messageOf } from './failure.js';
import { privateDirectory } from './private-directory.js';
import { socketDirectory } from './socket-directory.js';
import {
  type Message,
  type Pause,
  reach,
  startSupervisor,
  type Supervised,
  SupervisorConnection,
} from './supervisor-connection.js';
import type { Log, Tool } from './tool.js';

export interface StartRedisOptions {
  /** The data directory; made private (0700). Redis keeps its files in `<directory>/redis`. */
  readonly directory: string;
  /** From `findTool('redis-server')`. */
  readonly tool: Tool;
  readonly log?: Log;
  /** Directives that replace ours. Heard only by the start that starts Redis, not by those that join. */
  readonly config?: Readonly<Record<string, string>>;
  /** Between two starts of Redis by its supervisor, and between two attempts to have a supervisor again. */
  readonly pauses?: { readonly restart?: Pause; readonly retake?: Pause };
}

export interface RedisHandle {
  readonly socketPath: string;
  /** Of the Redis that runs now: another one after a restart. */
  readonly pid: number;
  /** Another process had started it. */
  readonly joined: boolean;
  /** Lets go. The last one that does so ends Redis, and resolves when it has written everything and ended. */
  close(): Promise<void>;
}

const RESTART: Pause = { firstMs: 100, mostMs: 5_000 };
const RETAKE: Pause = { firstMs: 1_000, mostMs: 30_000 };

/**
 * Everything that was acknowledged is on disk, and nothing is evicted. Nodes of streams of 4 KiB hold the records of an event
 * log with the least waste, whatever their size (bench s13): smaller ones leave room unused, larger ones grow too often.
 */
const CONFIG = {
  port: '0',
  unixsocketperm: '700',
  daemonize: 'no',
  databases: '1',
  appendonly: 'yes',
  appendfsync: 'always',
  'aof-load-truncated': 'yes',
  save: '',
  maxmemory: '0',
  'maxmemory-policy': 'noeviction',
  'stream-node-max-bytes': '4096',
} as const;

/**
 * Redis on a Unix socket in the data directory, one per directory: a second start joins the first, and Redis ends
 * with the last of its holders, however that one ends. A start during a shutdown waits for it. When Redis dies it is
 * started again with the same log; when its supervisor dies, the holders start another one, which takes Redis over.
 * Neither is ever given up once it ran: attempts go on, with growing pauses, until the last holder lets go.
 * @throws HyperRunError `redis.start-failed` with the last lines of its log, `directory.not-ours`.
 */
export const startRedis = async (options: StartRedisOptions): Promise<RedisHandle> => {
  const directory = await realpath(await privateDirectory(options.directory));
  const home = await privateDirectory(join(directory, 'redis'));
  const supervised: Supervised = {
    home,
    sockets: await socketDirectory(home),
    program: options.tool.path,
    env: { LC_ALL: 'C', ...options.tool.env },
    config: { ...CONFIG, ...options.config },
    pause: options.pauses?.restart ?? RESTART,
  };
  const hold = new Hold(supervised, options.pauses?.retake ?? RETAKE, options.log ?? (() => undefined));
  await hold.take();
  return hold;
};

class Hold implements RedisHandle {
  #connection?: SupervisorConnection;
  #state?: Message;
  #joined = true;
  #retaking: Promise<void> = Promise.resolve();
  readonly #closing = new AbortController();
  readonly #closed = new Promise<void>((resolve) =>
    this.#closing.signal.addEventListener('abort', () => resolve(), { once: true }),
  );

  constructor(
    private readonly supervised: Supervised,
    private readonly pause: Pause,
    private readonly log: Log,
  ) {}

  get socketPath(): string {
    return join(this.supervised.sockets, 'redis.sock');
  }

  get pid(): number {
    return this.#state?.pid ?? 0;
  }

  get joined(): boolean {
    return this.#joined;
  }

  /** Called off, it still reaches a supervisor, if only to let go: Redis might have outlived the one before. */
  async take(): Promise<void> {
    let started: number | undefined;
    for (;;) {
      const connection = await reach(this.supervised.sockets);
      if (!connection) {
        started = (await this.#start()) ?? started;
        continue;
      }
      const message = await Promise.race([connection.first, this.#closed]);
      if (this.#closing.signal.aborted) return connection.release();
      if (message?.type === 'failed' && message.supervisor === started) throw failed(message.why);
      if (message?.type === 'ready' || message?.type === 'restarted') {
        this.#joined = message.supervisor !== started;
        return this.#watch(connection, message);
      }
      await connection.closed;
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#retaking;
    await this.#connection?.release();
  }

  async #start(): Promise<number | undefined> {
    try {
      return await startSupervisor(this.supervised);
    } catch (error) {
      throw failed(messageOf(error));
    }
  }

  #watch(connection: SupervisorConnection, message: Message): void {
    this.#connection = connection;
    this.#state = message;
    connection.unref();
    connection.onMessage((next) => {
      this.#state = next;
      if (next.type === 'restarted') this.log(`Redis was started again (pid ${next.pid}): ${next.why}`);
      if (next.type === 'failed') this.log(`Redis cannot be kept running: ${next.why}`);
    });
    void connection.closed.then(() => this.#retake(connection));
  }

  #retake(lost: SupervisorConnection): void {
    if (this.#closing.signal.aborted || this.#connection !== lost) return;
    this.log('The supervisor of Redis is gone: starting another one');
    this.#retaking = this.#takeUntilHeld();
  }

  async #takeUntilHeld(): Promise<void> {
    const { signal } = this.#closing;
    for (let ms = this.pause.firstMs; !signal.aborted; ms = Math.min(2 * ms, this.pause.mostMs)) {
      try {
        return await this.take();
      } catch (error) {
        this.log(`${messageOf(error)} Trying again in ${ms / 1000} s.`);
      }
      await delay(ms, undefined, { signal, ref: false }).catch(() => undefined); // called off: the loop sees it
    }
  }
}

const failed = (why: string) =>
  new HyperRunError(
    'redis.start-failed',
    `Redis should run in the data directory and does not: ${why}`,
    {},
    'operator',
  );
