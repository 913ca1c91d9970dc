import { Inject, Injectable, Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { DEFAULT_PREFIX } from '#event-store';
import { CONFIG, ROLES, type Config, type Role } from '../config/config.js';
import { REDIS } from './log.port.js';

type Named = Pick<Config, 'prefix' | 'roles'>;

const KIND = 'hyper-run';

/**
 * The name of a process's connection to the Redis of the first partition: of which log it is, and what it does. Redis forgets it
 * with the connection, so that nothing need be written, renewed or cleared for it.
 */
export const connectionNameOf = ({ prefix = DEFAULT_PREFIX, roles }: Named): string =>
  `${KIND}/${roles.join('+')}/${prefix}`;

/**
 * The roles that no connected process has.
 * @param clients the answer to `CLIENT LIST`
 * @param prefix of the log in question
 * @param db number of its database
 */
export const absentFrom = (clients: string, prefix: string, db: number): Role[] => {
  const present = clients.split('\n').flatMap((line) => {
    const [, named] = / name=(\S*)/.exec(line) ?? [];
    const [kind, roles = '', ...rest] = (named ?? '').split('/');
    const isOurs = kind === KIND && rest.join('/') === prefix && line.includes(` db=${db} `);
    return isOurs ? roles.split('+') : [];
  });
  return ROLES.filter((role) => !present.includes(role));
};

/** Whether anybody is there for each part of the work. Asked for when somebody looks; idle costs nothing. */
@Injectable()
export class AbsentRoles {
  readonly #logger = new Logger(AbsentRoles.name);
  #complained = false;

  constructor(
    @Inject(REDIS) private readonly redis: Redis,
    @Inject(CONFIG) private readonly config: Pick<Config, 'prefix'>,
  ) {}

  /** Undefined: this Redis does not tell who is connected. A machine that vanished counts until Redis misses it, minutes later. */
  async find(): Promise<readonly Role[] | undefined> {
    const { prefix = DEFAULT_PREFIX } = this.config;
    try {
      const clients = await this.redis.call('CLIENT', 'LIST', 'TYPE', 'NORMAL');
      return absentFrom(String(clients), prefix, this.redis.options.db ?? 0);
    } catch (error) {
      if (!this.#complained) this.#logger.warn(`Redis does not tell who is connected: ${String(error)}`);
      this.#complained = true;
      return undefined;
    }
  }
}
