import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { HyperRunError } from '#contracts';
import { DEFAULT_PREFIX, keysOf } from '#event-store';
import { CONFIG, type Config } from '../config/config.js';
import { REDIS, STATUS_WRITER, type StatusWriter } from './log.port.js';

/** How full the memory of Redis is. */
export interface LogRoom {
  readonly usedBytes: number;
  /** `maxmemory`; where there is none, the memory of its machine. */
  readonly limitBytes: number;
  readonly percent: number;
  /** From so many percent on, no new sprint is begun. */
  readonly newSprintsUntil: number;
  readonly takesNewSprints: boolean;
  /** Whose Redis is the fullest; absent where there is one partition. */
  readonly partition?: number;
}

/** @param info the answer to `INFO memory` */
export const roomIn = (info: string, newSprintsUntil: number): LogRoom => {
  const numberOf = (field: string) => Number(new RegExp(`^${field}:(\\d+)`, 'm').exec(info)?.[1] ?? 0);
  const usedBytes = numberOf('used_memory');
  const limitBytes = numberOf('maxmemory') || numberOf('total_system_memory');
  const percent = limitBytes === 0 ? 0 : Math.round((1000 * usedBytes) / limitBytes) / 10;
  return { usedBytes, limitBytes, percent, newSprintsUntil, takesNewSprints: percent < newSprintsUntil };
};

/** Sent to whichever master owns the key. */
const INFO = `return redis.call('INFO', 'memory')`;

/** Keeps room for what runs, and for every decision: new sprints are refused before the memory of the log is full. */
@Injectable()
export class LogMemory {
  constructor(
    @Inject(REDIS) private readonly redis: Pick<Redis, 'info'>,
    @Inject(STATUS_WRITER) private readonly anywhere: StatusWriter,
    @Inject(CONFIG) private readonly config: Pick<Config, 'logMemoryPercent' | 'partitions' | 'prefix'>,
  ) {}

  /** Of several partitions, that of the fullest Redis: any of them keeps the log from going on. */
  async room(): Promise<LogRoom> {
    const { partitions, logMemoryPercent, prefix = DEFAULT_PREFIX } = this.config;
    if (partitions === 1) return roomIn(await this.redis.info('memory'), logMemoryPercent);
    const rooms = await Promise.all(
      Array.from({ length: partitions }, async (_, partition) => {
        const info = await this.anywhere.eval(INFO, 1, keysOf(prefix, partition).meta);
        return { ...roomIn(String(info), logMemoryPercent), partition };
      }),
    );
    return rooms.reduce((fullest, room) => (room.percent > fullest.percent ? room : fullest));
  }

  /** @throws HyperRunError `log.nearly-full` */
  async requireRoom(): Promise<void> {
    const { takesNewSprints, ...room } = await this.room();
    if (takesNewSprints) return;
    const { percent, limitBytes, newSprintsUntil, partition } = room;
    throw new HyperRunError(
      'log.nearly-full',
      `${partition === undefined ? 'Redis' : `The Redis of partition ${partition}`} uses ${percent} % of its ${mebibytes(limitBytes)} MiB; from ${newSprintsUntil} % on no new sprint is begun. ` +
        'Archive finished sprints or raise maxmemory. What runs goes on, and can be cancelled.',
      room,
      'operator',
    );
  }
}

const mebibytes = (bytes: number): number => Math.round(bytes / 2 ** 20);
