import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import type { Redis } from 'ioredis';
import type { Instant } from '#contracts';
import { REDIS } from './log.port.js';

/** How far the clock of Redis, which gives every event its time, is ahead of the clock of this process. */
export interface ClockOffset {
  readonly offsetMs: number;
  /** The true offset was within this of it: half the round trip, and the millisecond that clocks are cut to. */
  readonly uncertaintyMs: number;
  /** By the clock of this process. */
  readonly measuredAt: string;
}

const SAMPLES = 5;
const FRESH_MS = 60_000;
/** `Date.now()` is cut to whole milliseconds: on average half of one is missing, at most a whole one. */
const CUT_MS = 0.5;

/** The clock of Redis, in whole milliseconds since 1970. */
export const redisNow = async (redis: Pick<Redis, 'time'>): Promise<Instant> => {
  const [seconds, microseconds] = await redis.time();
  return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
};

/** Measured when somebody asks and the last time was a minute ago; idle costs nothing. */
@Injectable()
export class RedisClock implements OnApplicationBootstrap {
  readonly #logger = new Logger(RedisClock.name);
  #latest: ClockOffset | undefined;
  #measuredAt = -Infinity;
  #measuring: Promise<ClockOffset> | undefined;

  constructor(@Inject(REDIS) private readonly redis: Redis) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.offset().catch((error: unknown) => this.#complain(error));
  }

  /** What was measured last, at once; when that is old, it is measured anew for whoever asks next. */
  known(): ClockOffset | undefined {
    if (!this.#isFresh()) this.offset().catch((error: unknown) => this.#complain(error));
    return this.#latest;
  }

  /** At most a minute old. Rejects when Redis does not answer. */
  offset(): Promise<ClockOffset> {
    if (this.#latest !== undefined && this.#isFresh()) return Promise.resolve(this.#latest);
    return (this.#measuring ??= this.#measure().finally(() => (this.#measuring = undefined)));
  }

  #isFresh(): boolean {
    return performance.now() - this.#measuredAt <= FRESH_MS;
  }

  #complain(error: unknown): void {
    this.#logger.warn(`Redis does not tell its time: ${String(error)}`);
  }

  /** Cristian's algorithm: of several round trips, the shortest says most. */
  async #measure(): Promise<ClockOffset> {
    let best: ClockOffset | undefined;
    for (let sample = 0; sample < SAMPLES; sample++) {
      const one = await this.#ask();
      if (best === undefined || one.uncertaintyMs < best.uncertaintyMs) best = one;
    }
    this.#measuredAt = performance.now();
    return (this.#latest = best ?? (await this.#ask()));
  }

  async #ask(): Promise<ClockOffset> {
    const asked = Date.now();
    const began = performance.now();
    const [seconds, microseconds] = await this.redis.time();
    const roundTrip = performance.now() - began;
    const middle = asked + CUT_MS + roundTrip / 2;
    return {
      offsetMs: rounded(Number(seconds) * 1000 + Number(microseconds) / 1000 - middle),
      uncertaintyMs: rounded(roundTrip / 2 + CUT_MS),
      measuredAt: new Date(asked).toISOString(),
    };
  }
}

const rounded = (ms: number): number => Math.round(ms * 100) / 100;
