import { createHash, randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { CONFIG, type Config } from '../config/config.js';
import { REDIS } from '../log/log.port.js';
import { hintKey } from '../world/keys.port.js';

const TICKET_SECONDS = 120;

/** As `issue` makes them: 256 bits, base64url. */
export const TICKET = /^[\w-]{43}$/;

export interface Ticket {
  readonly ticket: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** What lets a browser in once, within two minutes. Redis holds only its hash, so every process on it knows it. */
@Injectable()
export class Tickets {
  constructor(
    @Inject(REDIS) private readonly redis: Redis,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async issue(): Promise<Ticket> {
    const ticket = randomBytes(32).toString('base64url');
    await this.redis.set(this.#keyOf(ticket), '', 'EX', TICKET_SECONDS);
    return { ticket, expiresAt: Date.now() + TICKET_SECONDS * 1000 };
  }

  /** True for exactly one of all who redeem it. */
  async redeem(ticket: string): Promise<boolean> {
    return (await this.redis.del(this.#keyOf(ticket))) === 1;
  }

  #keyOf(ticket: string): string {
    return hintKey(this.config, `ticket:${createHash('sha256').update(ticket).digest('hex')}`);
  }
}
