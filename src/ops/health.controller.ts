import { Controller, Get, Inject } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { EventStore } from '#event-store';
import { ArchiveFiles } from '../archive/archive-files.port.js';
import { CONFIG, type Config } from '../config/config.js';
import { Answers } from '../http/answers.decorator.js';
import { IsolationLevel } from '../isolation/isolation-level.port.js';
import { EVENT_STORE, REDIS_CONNECTION, type RedisConnection } from '../log/log.port.js';
import { AbsentRoles } from '../log/absent-roles.port.js';
import { LogMemory } from '../log/log-memory.port.js';
import { RedisClock } from '../log/redis-clock.port.js';
import { LiveWorld } from '../world/live-world.port.js';
import { ParkedEvents } from '../world/parked-events.port.js';
import { Clock, Live, Ready } from './health.schema.js';

@ApiTags('operations')
@Controller('health')
export class HealthController {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(REDIS_CONNECTION) private readonly connection: RedisConnection,
    @Inject(IsolationLevel) private readonly isolation: IsolationLevel,
    @Inject(RedisClock) private readonly clock: RedisClock,
    @Inject(LogMemory) private readonly memory: LogMemory,
    @Inject(AbsentRoles) private readonly absent: AbsentRoles,
    @Inject(LiveWorld) private readonly present: LiveWorld,
    @Inject(ParkedEvents) private readonly parked: ParkedEvents,
    @Inject(ArchiveFiles) private readonly archives: ArchiveFiles,
  ) {}

  @Get('live')
  @ApiOperation({ summary: 'The process answers. Needs no token.' })
  @Answers(200, Live, 'It does')
  live() {
    return { status: 'live' } as const;
  }

  @Get('ready')
  @ApiBearerAuth()
  @ApiOperation({ summary: 'The log answers and work can be done; 503 otherwise' })
  @Answers(200, Ready, 'They do, and how')
  async ready() {
    const position = await this.store.top();
    const { level } = await this.isolation.measured();
    const { durability, lossWindow, version, description, weaknesses } = this.connection;
    return {
      status: 'ready' as const,
      durability,
      lossWindow,
      projections: this.#projections(position),
      memory: await this.memory.room(),
      isolation: level,
      redis: { version, address: description, weaknesses },
      archives: await this.archives.lookAgain(),
      incarnation: this.store.incarnation,
      position,
      cursor: this.store.cursorOf(position),
      roles: this.config.roles,
      absentRoles: await this.absent.find(),
      pid: process.pid,
      serverTime: new Date().toISOString(),
    };
  }

  #projections(top: number) {
    const { position } = this.present.world;
    const { total: parkedEvents, shown: parked } = this.parked;
    return { position, lag: Math.max(0, top - position), parkedEvents, parked };
  }

  @Get('clock')
  @ApiBearerAuth()
  @ApiOperation({
    summary:
      'What time it is here, and how far the clock of Redis is ahead, which gives every event its time: what a screen needs to tell how old an event is',
  })
  @Answers(200, Clock, 'Both; measured at most a minute ago')
  async time() {
    const redisClock = await this.clock.offset();
    return { serverTime: new Date().toISOString(), redisClock };
  }
}
