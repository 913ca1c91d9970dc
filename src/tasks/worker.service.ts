import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { isHyperRunError } from '#contracts';
import { CONFIG, type Config } from '../config/config.js';
import { REDIS } from '../log/log.port.js';
import { redisNow } from '../log/redis-clock.port.js';
import { LiveWorld } from '../world/live-world.port.js';
import { JOB_SOURCES, type Job, type JobSource } from './job.port.js';
import { LeaseHolder } from './lease-holder.js';
import { LogTime } from './log-time.js';
import { LostWork } from './lost-work.js';

/** How long a job that broke off by surprise is left alone before this worker tries it again; four times as long each time. */
const BACKOFF_MS = 2000;
const LONGEST_BACKOFF_MS = 60_000;
/** Jobs that wait for a person keep their place in memory: so many times what is worked on at once, all in all. */
const MOST_HELD = 8;

/**
 * Follows the world and does what is to be done, as much at once as was configured; what waits for a person does not count.
 * Idle, it costs nothing.
 */
@Injectable()
export class WorkerService implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger(WorkerService.name);
  readonly #running = new Map<string, { readonly job: Job; readonly done: Promise<void> }>();
  readonly #stopping = new AbortController();
  readonly #resting = new Set<string>();
  /** How often jobs that are still to be done broke off in a row. */
  readonly #failures = new Map<string, number>();
  readonly #slots = new Set<number>();
  readonly #time: LogTime;
  #forget?: () => void;

  constructor(
    private readonly live: LiveWorld,
    private readonly lease: LeaseHolder,
    private readonly lost: LostWork,
    @Inject(JOB_SOURCES) private readonly sources: readonly JobSource[],
    @Inject(REDIS) redis: Redis,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    this.#time = new LogTime({ now: () => redisNow(redis), onReached: () => this.#look() });
  }

  async onApplicationBootstrap(): Promise<void> {
    if (!this.config.roles.includes('worker')) return;
    await this.live.ready();
    const look = () => this.#look();
    const forget = [this.live.onChange(look), ...this.sources.flatMap((source) => source.onChange?.(look) ?? [])];
    this.#forget = () => forget.forEach((stop) => stop());
    this.#look();
    await this.lost.sweep();
  }

  async onModuleDestroy(): Promise<void> {
    this.#forget?.();
    this.#time.stop();
    this.#stopping.abort();
    await Promise.allSettled([...this.#running.values()].map(({ done }) => done));
  }

  #look(): void {
    for (const source of this.sources) {
      if (this.#isFull() || this.#stopping.signal.aborted) return;
      for (const job of [...this.#dropped(source), ...source.jobs(this.live.world)]) {
        if (this.#isFull()) return;
        if (this.#running.has(job.key) || this.#resting.has(job.key)) continue;
        if (job.notBefore !== undefined && !this.#time.has(job.notBefore)) continue;
        this.#running.set(job.key, { job, done: this.#run(job) });
      }
    }
  }

  /** What broke off here and is held by this worker all the same, by a log that was away then. */
  #dropped(source: JobSource): readonly Job[] {
    if (this.#failures.size === 0) return [];
    return source.held(this.live.world, this.lease.worker).filter(({ key }) => this.#failures.has(key));
  }

  /** Numbers of slots that this worker may come to use. */
  get #width(): number {
    return this.config.concurrency * MOST_HELD;
  }

  #isFull(): boolean {
    const held = [...this.#running.values()];
    if (held.length >= this.#width) return true;
    return held.filter(({ job }) => job.waits?.(this.live.world) !== true).length >= this.config.concurrency;
  }

  async #run(job: Job): Promise<void> {
    const slot = this.#takeSlot();
    try {
      const { worker, number } = await this.lease.hold();
      try {
        await job.run({ worker, slot: number * this.#width + slot, signal: this.#stopping.signal });
        this.#failures.delete(job.key);
      } finally {
        await this.lease.release();
        // Whoever's work was taken over has no lease any more by the time that it is done.
        if (this.#running.size === 1) await this.lost.clear();
      }
    } catch (error) {
      this.#report(job, error);
    } finally {
      this.#slots.delete(slot);
      this.#running.delete(job.key);
      setImmediate(() => this.#look());
    }
  }

  #takeSlot(): number {
    let slot = 1;
    while (this.#slots.has(slot)) slot += 1;
    this.#slots.add(slot);
    return slot;
  }

  #report(job: Job, error: unknown): void {
    if (this.#stopping.signal.aborted) return;
    const lost = ['job.taken', 'job.gone', 'job.lost', 'task.lost', 'task.settled', 'log.epoch-over'];
    if (isHyperRunError(error) && lost.includes(error.code)) return;
    this.#logger.error(`${job.key}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    this.#resting.add(job.key);
    const failures = (this.#failures.get(job.key) ?? 0) + 1;
    this.#failures.set(job.key, failures);
    setTimeout(
      () => {
        this.#resting.delete(job.key);
        this.#forgetDone();
        this.#look();
      },
      Math.min(LONGEST_BACKOFF_MS, BACKOFF_MS * 4 ** (failures - 1)),
    ).unref();
  }

  /** A job may be done by somebody else, or not be wanted any more, while it is left alone here. */
  #forgetDone(): void {
    const { world } = this.live;
    const { worker } = this.lease;
    const jobs = this.sources.flatMap((source) => [...source.jobs(world), ...source.held(world, worker)]);
    const wanted = new Set(jobs.map(({ key }) => key));
    for (const key of this.#failures.keys())
      if (!wanted.has(key) && !this.#running.has(key) && !this.#resting.has(key)) this.#failures.delete(key);
  }
}
