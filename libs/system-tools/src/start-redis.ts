import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { HyperRunError } from '#contracts';
import { messageOf } from './failure.js';
import { privateDirectory } from './private-directory.js';
import { socketDirectory } from './socket-directory.js';
import {
  type Message,
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

/** Everything that was acknowledged is on disk, nothing is evicted, and streams of few events take little memory. */
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
  'stream-node-max-bytes': '2048',
} as const;

/**
 * Redis on a Unix socket in the data directory, one per directory: a second start joins the first, and Redis ends
 * with the last of its holders, however that one ends. A start during a shutdown waits for it. When Redis dies it is
 * started again with the same log; when its supervisor dies, the holders start another one, which takes Redis over.
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
  };
  const hold = new Hold(supervised, options.log ?? (() => undefined));
  await hold.take();
  return hold;
};

class Hold implements RedisHandle {
  #connection?: SupervisorConnection;
  #state?: Message;
  #joined = true;
  #closing = false;
  #retaking: Promise<void> = Promise.resolve();

  constructor(
    private readonly supervised: Supervised,
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

  async take(): Promise<void> {
    let started: number | undefined;
    for (;;) {
      const connection = await reach(this.supervised.sockets);
      if (!connection) {
        started = (await this.#start()) ?? started;
        continue;
      }
      const message = await connection.first;
      if (message?.type === 'failed' && message.supervisor === started) throw failed(message.why);
      if (message?.type === 'ready' || message?.type === 'restarted') {
        this.#joined = message.supervisor !== started;
        return this.#watch(connection, message);
      }
      await connection.closed;
    }
  }

  async close(): Promise<void> {
    this.#closing = true;
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
    if (this.#closing || this.#connection !== lost) return;
    this.log('The supervisor of Redis is gone: starting another one');
    this.#retaking = this.take().catch((error: unknown) => this.log(messageOf(error)));
  }
}

const failed = (why: string) =>
  new HyperRunError(
    'redis.start-failed',
    `Redis should run in the data directory and does not: ${why}`,
    {},
    'operator',
  );
