import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { Position } from '#contracts';
import { LiveTail } from './live-tail.js';
import { feedEntries, numberOf, PAGE, type Entry } from './redis-log.js';

/** A blocked read costs nothing; it is renewed once a minute so that a dead connection is noticed. */
export const BLOCK_MS = 60_000;
const PAUSE_AFTER_TROUBLE = 250;

/** Feeds a tail by one blocking read, however many follow it, until the connection is closed for good. */
export const startRedisTail = (
  redis: Redis,
  feed: string,
  top: Position,
  onTrouble: (error: unknown) => void,
): LiveTail => {
  const tail = new LiveTail(top);
  const readOn = async (): Promise<void> => {
    while (redis.status !== 'end') {
      try {
        const id = `${tail.position}-0`;
        const reply = await redis.xread('COUNT', PAGE, 'BLOCK', BLOCK_MS, 'STREAMS', feed, id);
        const entries = (reply?.[0]?.[1] ?? []) as Entry[];
        const first = entries[0];
        if (first !== undefined) tail.push(feedEntries(numberOf(first[0]) - 1, entries));
      } catch (error) {
        if (isEnded(redis)) return;
        onTrouble(error);
        if (error instanceof Error && error.name === 'HyperRunError') return tail.fail(error);
        await delay(PAUSE_AFTER_TROUBLE);
      }
    }
  };
  void readOn();
  return tail;
};

const isEnded = (redis: Redis): boolean => redis.status === 'end';
