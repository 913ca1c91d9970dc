import { ServerRedis, type RedisOptions } from '@nestjs/microservices';
import type { Redis } from 'ioredis';
import type { Config, Role } from './config/config.js';

/** Characters. More than any message of ours has, with a file or a patch as large as they may be, and what JSON makes of them. */
const LONGEST_MESSAGE = 8 * 1024 * 1024;
/** Where it is to be found without reading all of it. */
const ID_AT_THE_END = /"id"\s*:\s*"([^"\\]{1,128})"\s*\}\s*$/;

type Handler = Parameters<ServerRedis['addHandler']>[1];

/**
 * The Redis transport, as far as this process answers for it: what agents that live elsewhere say is heard where tasks are worked
 * on, everything else where people are heard.
 */
export class RoleServer extends ServerRedis {
  constructor(
    options: NonNullable<RedisOptions['options']>,
    private readonly roles: Config['roles'],
  ) {
    super(options);
  }

  override addHandler(pattern: unknown, ...rest: [Handler, boolean?, Record<string, unknown>?]): void {
    if (this.roles.includes(heardBy(pattern))) super.addHandler(pattern, ...rest);
  }

  /** What is too long is not even read: whoever may publish needs no token for that. */
  override async handleMessage(channel: string, text: string, client: Redis, pattern: string): Promise<void> {
    if (text.length <= LONGEST_MESSAGE) {
      await super.handleMessage(channel, text, client, pattern);
      return;
    }
    const id = ID_AT_THE_END.exec(text.slice(-300))?.[1];
    const message = `Expected a message of at most ${LONGEST_MESSAGE} characters, found ${text.length}.`;
    this.logger.warn(`${channel}: ${message}`);
    const err = { code: 'request.body-too-large', status: 413, message };
    if (id !== undefined) await client.publish(`${channel}.reply`, JSON.stringify({ id, err, isDisposed: true }));
  }
}

/** The role that hears messages of a pattern. */
export const heardBy = (pattern: unknown): Role => (String(pattern).startsWith('agent.') ? 'worker' : 'api');
