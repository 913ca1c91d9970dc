import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import type { WorkerId } from '#contracts';
import { CONFIG, type Config } from '../config/config.js';
import { REDIS } from '../log/log.port.js';
import { hintKey } from '../world/keys.port.js';
import { Lease } from './lease.js';

/** The lease of this process, shared by all its jobs. */
@Injectable()
export class LeaseHolder {
  readonly #lease: Lease;

  constructor(@Inject(REDIS) redis: Redis, @Inject(CONFIG) config: Config) {
    this.#lease = new Lease(redis, (name) => hintKey(config, name), config.leaseSeconds * 1000);
  }

  get worker(): WorkerId {
    return this.#lease.worker;
  }

  async hold(): Promise<{ readonly worker: WorkerId; readonly number: number }> {
    return { worker: this.worker, number: await this.#lease.hold() };
  }

  release(): Promise<void> {
    return this.#lease.release();
  }
}
