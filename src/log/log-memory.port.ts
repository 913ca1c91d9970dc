import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { HyperRunError } from '#contracts';
import { CONFIG, type Config } from '../config/config.js';
import { REDIS } from './log.port.js';

/** How full the memory of Redis is. */
export interface LogRoom {
  readonly usedBytes: number;
  /** `maxmemory`; where there is none, the memory of its machine. */
  readonly limitBytes: number;
  readonly percent: number;
  /** From so many percent on, no new sprint is begun. */
  readonly newSprintsUntil: number;
  readonly takesNewSprints: boolean;
}

/** @param info the answer to `INFO memory` */
export const roomIn = (info: string, newSprintsUntil: number): LogRoom => {
  const numberOf = (field: string) => Number(new RegExp(`^${field}:(\\d+)`, 'm').exec(info)?.[1] ?? 0);
  const usedBytes = numberOf('used_memory');
  const limitBytes = numberOf('maxmemory') || numberOf('total_system_memory');
  const percent = limitBytes === 0 ? 0 : Math.round((1000 * usedBytes) / limitBytes) / 10;
  return { usedBytes, limitBytes, percent, newSprintsUntil, takesNewSprints: percent < newSprintsUntil };
};

/** Keeps room for what runs, and for every decision: new sprints are refused before the memory of the log is full. */
@Injectable()
export class LogMemory {
  constructor(
    @Inject(REDIS) private readonly redis: Redis,
    @Inject(CONFIG) private readonly config: Pick<Config, 'logMemoryPercent'>,
  ) {}

  async room(): Promise<LogRoom> {
    return roomIn(await this.redis.info('memory'), this.config.logMemoryPercent);
  }

  /** @throws HyperRunError `log.nearly-full` */
  async requireRoom(): Promise<void> {
    const { takesNewSprints, percent, usedBytes, limitBytes, newSprintsUntil } = await this.room();
    if (takesNewSprints) return;
    throw new HyperRunError(
      'log.nearly-full',
      `Redis uses ${percent} % of its ${mebibytes(limitBytes)} MiB; from ${newSprintsUntil} % on no new sprint is begun. ` +
        'Archive finished sprints or raise maxmemory. What runs goes on, and can be cancelled.',
      { usedBytes, limitBytes, percent, newSprintsUntil },
      'operator',
    );
  }
}

const mebibytes = (bytes: number): number => Math.round(bytes / 2 ** 20);
