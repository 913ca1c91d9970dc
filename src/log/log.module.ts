import { Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { ArchiveFiles } from '../archive/archive-files.port.js';
import { AbsentRoles } from './absent-roles.port.js';
import { LogMemory } from './log-memory.port.js';
import { EVENT_STORE, REDIS, REDIS_CONNECTION, STATUS_WRITER } from './log.port.js';
import type { OpenLog } from './open-log.js';
import { RedisClock } from './redis-clock.port.js';

const OPEN_LOG = Symbol('OPEN_LOG');

/** The log for all rooms. It closes last: who follows it stops in `onModuleDestroy`, requests end before it. */
@Module({})
export class LogModule implements OnApplicationShutdown {
  constructor(@Inject(OPEN_LOG) private readonly log: OpenLog) {}

  static forRoot(log: OpenLog): DynamicModule {
    return {
      module: LogModule,
      global: true,
      providers: [
        { provide: OPEN_LOG, useValue: log },
        { provide: EVENT_STORE, useValue: log.store },
        { provide: REDIS, useValue: log.redis },
        { provide: STATUS_WRITER, useValue: log.statuses },
        { provide: REDIS_CONNECTION, useValue: log.connection },
        { provide: ArchiveFiles, useValue: log.archives },
        RedisClock,
        LogMemory,
        AbsentRoles,
      ],
      exports: [EVENT_STORE, REDIS, REDIS_CONNECTION, STATUS_WRITER, ArchiveFiles, RedisClock, LogMemory, AbsentRoles],
    };
  }

  onApplicationShutdown(): Promise<void> {
    return this.log.close();
  }
}
