import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Redis } from 'ioredis';
import type { WorkerId } from '#contracts';
import { FREE_OWN } from '../world/keys.port.js';

const SLOTS = 1000;
/** Holds on to a number, unless another worker has it by now: 1 held, 0 lost. */
const HOLD_NUMBER = `local who = redis.call('GET', KEYS[1])
if who and who ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`;

/**
 * A worker's sign of life: a key that expires. Held while it has work, renewed three times per period. Its number, the
 * smallest that no living worker has, keeps the agent slots of several workers apart. Whoever was suspended for longer than a
 * period has lost both by then, and takes another number for what it begins.
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

  /**
   * Begins to hold; resolves with the worker's number once the key is there. Call `release` as often as this resolved: whoever
   * could not begin holds nothing.
   */
  async hold(): Promise<number> {
    this.#holders += 1;
    try {
      return await this.#serially(() => this.#begin());
    } catch (error) {
      await this.release().catch(() => undefined);
      throw error;
    }
  }

  async #begin(): Promise<number> {
    this.#timer ??= setInterval(
      () => void this.#serially(() => this.#renew()).catch(() => undefined),
      this.periodMs / 3,
    );
    await this.#renew();
    return (this.#number ??= await this.#takeNumber());
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
      if (number !== undefined) await this.redis.eval(FREE_OWN, 1, this.#keyOf(number), this.worker);
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
    if (this.#number === undefined) return;
    const held = await this.redis.eval(HOLD_NUMBER, 1, this.#keyOf(this.#number), this.worker, this.periodMs);
    if (held !== 1) this.#number = undefined;
  }

  async #takeNumber(): Promise<number> {
    for (let number = 0; number < SLOTS; number += 1) {
      const taken = await this.redis.set(this.#keyOf(number), this.worker, 'PX', this.periodMs, 'NX');
      if (taken === 'OK') return number;
    }
    throw new Error(`All ${SLOTS} worker numbers are taken.`);
  }

  #keyOf(number: number): string {
    return this.keys(`worker-number:${number}`);
  }
}
