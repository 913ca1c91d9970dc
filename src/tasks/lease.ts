import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Redis } from 'ioredis';
import type { WorkerId } from '#contracts';

const SLOTS = 1000;

/**
 * A worker's sign of life: a key that expires. Held while it has work, renewed three times per period. Its number, the
 * smallest that no living worker has, keeps the agent slots of several workers apart.
 */
export class Lease {
  readonly worker = `w-${randomBytes(6).toString('hex')}` as WorkerId;
  #holders = 0;
  #number?: number;
  #timer?: NodeJS.Timeout;
  #change: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly redis: Redis,
    private readonly keys: (name: string) => string,
    private readonly periodMs: number,
  ) {}

  /** Begins to hold; resolves with the worker's number once the key is there. Call `release` as often as this. */
  hold(): Promise<number> {
    this.#holders += 1;
    return this.#serially(async () => {
      this.#timer ??= setInterval(
        () => void this.#serially(() => this.#renew()).catch(() => undefined),
        this.periodMs / 3,
      );
      await this.#renew();
      return (this.#number ??= await this.#takeNumber());
    });
  }

  /**
   * Lets go. The key is left to expire: an orchestrator whose view is a moment behind still sees the work that has just
   * ended, and must not find its worker dead, which may hold other work by then.
   */
  async release(): Promise<void> {
    this.#holders -= 1;
    await this.#serially(async () => {
      if (this.#holders > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
      const number = this.#number;
      this.#number = undefined;
      if (number !== undefined) await this.redis.del(this.keys(`worker-number:${number}`));
    });
  }

  #serially<T>(step: () => Promise<T>): Promise<T> {
    const done = this.#change.then(step, step);
    this.#change = done.catch(() => undefined);
    return done;
  }

  async #renew(): Promise<void> {
    const value = JSON.stringify({ host: hostname(), pid: process.pid });
    await this.redis.set(this.keys(`lease:${this.worker}`), value, 'PX', this.periodMs);
    if (this.#number !== undefined)
      await this.redis.set(this.keys(`worker-number:${this.#number}`), this.worker, 'PX', this.periodMs);
  }

  async #takeNumber(): Promise<number> {
    for (let number = 0; number < SLOTS; number += 1) {
      const taken = await this.redis.set(this.keys(`worker-number:${number}`), this.worker, 'PX', this.periodMs, 'NX');
      if (taken === 'OK') return number;
    }
    throw new Error(`All ${SLOTS} worker numbers are taken.`);
  }
}
