import { ServerRedis, type RedisOptions } from '@nestjs/microservices';
import type { Config, Role } from './config/config.js';

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
}

/** The role that hears messages of a pattern. */
export const heardBy = (pattern: unknown): Role => (String(pattern).startsWith('agent.') ? 'worker' : 'api');
