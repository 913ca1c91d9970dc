import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { Position } from '#contracts';
import { LiveTail } from './live-tail.js';
import { numberOf, type Entry } from './pointers.js';
import { feedEntries, firstRun, PAGE } from './redis-log.js';

/** A blocked read costs nothing; it is renewed once a minute so that a dead connection is noticed. */
export const BLOCK_MS = 60_000;
const PAUSE_AFTER_TROUBLE = 250;

export interface RedisTail {
  readonly tail: LiveTail;
  /** Tells of an event in the log: when it has not come after a while, and nothing else, the connection is made anew. */
  expect(position: Position): void;
}

export interface RedisTailOptions {
  readonly redis: Redis;
  readonly feed: string;
  readonly top: Position;
  /** How long an event that is in the log may take to come, in milliseconds. */
  readonly silence: number;
  readonly onTrouble: (error: unknown) => void;
}

/** Feeds a tail by one blocking read, however many follow it, until the connection is closed for good. */
export const startRedisTail = ({ redis, feed, top, silence, onTrouble }: RedisTailOptions): RedisTail => {
  const tail = new LiveTail(top);
  const readOn = async (): Promise<void> => {
    while (redis.status !== 'end') {
      try {
        const id = `${tail.position}-0`;
        const reply = await redis.xread('COUNT', PAGE, 'BLOCK', BLOCK_MS, 'STREAMS', feed, id);
        let entries = (reply?.[0]?.[1] ?? []) as Entry[];
        while (entries[0] !== undefined) {
          const run = firstRun(entries);
          tail.push(feedEntries(numberOf(entries[0][0]) - 1, run));
          entries = entries.slice(run.length);
        }
      } catch (error) {
        if (isEnded(redis)) return;
        onTrouble(error);
        if (error instanceof Error && error.name === 'HyperRunError') return tail.fail(error);
        await delay(PAUSE_AFTER_TROUBLE);
      }
    }
  };
  void readOn();
  return { tail, expect: expectIn(tail, redis, silence) };
};

/** A blocked read over a connection that nothing passes over any more looks like one that waits. */
const expectIn = (tail: LiveTail, redis: Redis, silence: number): RedisTail['expect'] => {
  let isWaiting = false;
  return (position) => {
    if (isWaiting || tail.position >= position) return;
    const before = tail.position;
    isWaiting = true;
    setTimeout(() => {
      isWaiting = false;
      if (tail.position === before && redis.status === 'ready') redis.stream.destroy();
    }, silence).unref();
  };
};

const isEnded = (redis: Redis): boolean => redis.status === 'end';
