import type { Redis } from 'ioredis';
import { HyperRunError } from '#contracts';

/** WAITAOF waits for what its own connection wrote: one that has only just been made wrote nothing. Small, and always taken. */
const TOUCH = `#!lua flags=allow-oom
redis.call('HSET', KEYS[1], 'waited', ARGV[1])`;

export interface OnDiskOptions {
  readonly redis: Redis;
  /** A hash of the log. */
  readonly key: string;
  /** Replicas that must have it on disk too. */
  readonly replicas: number;
  readonly timeoutMs: number;
  /** Sent before, over the same connection: when it is refused, nothing is waited for. */
  readonly first?: () => Promise<unknown>;
}

/** Resolves when everything that was written until now is on the disk of Redis, and on those of so many replicas. */
export const onDisk = async ({ redis, key, replicas, timeoutMs, first }: OnDiskOptions): Promise<void> => {
  const found = await Promise.all([
    first?.(),
    redis.eval(TOUCH, 1, key, String(replicas)),
    redis.call('WAITAOF', 1, replicas, Math.ceil(timeoutMs)),
  ]).then(
    ([, , reply]) => (Array.isArray(reply) ? reply.map(Number) : []),
    (cause: unknown) => {
      // Not an answer of Redis to the append: that was carried out before.
      throw new Error('What was appended is not known to be on disk.', { cause });
    },
  );
  const [local = 0, remote = 0] = found;
  if (local < 1 || remote < replicas) throw new Error(`What was appended is on ${local} + ${remote} disks.`);
};

/** One wait at a time, shared by all who ask while the one before is under way: a wait covers what was written before it began. */
export const shared = (wait: () => Promise<void>): (() => Promise<void>) => {
  let last = Promise.resolve();
  let next: Promise<void> | undefined;
  return () =>
    (next ??= last =
      last
        .catch(() => undefined)
        .then(() => {
          next = undefined;
          return wait();
        }));
};

/**
 * Also for a Redis without append-only file, which only refuses to wait for its own.
 * @throws HyperRunError `redis.cannot-wait`
 */
export const requireWaiting = async (redis: Redis): Promise<void> => {
  try {
    await redis.call('WAITAOF', 1, 0, 1);
  } catch (cause) {
    throw new HyperRunError(
      'redis.cannot-wait',
      `This Redis cannot tell when something is on disk (WAITAOF: ${cause instanceof Error ? cause.message : String(cause)}). It needs Redis 7.2 or later, with appendonly yes; or leave HYPER_RUN_WAIT_FOR_DISK out.`,
      {},
      'operator',
      { cause },
    );
  }
};
