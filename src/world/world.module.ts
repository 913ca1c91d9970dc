import { Global, Module } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { Decisions } from './decisions.port.js';
import { FollowAfter } from './follow-after.js';
import { LiveWorld } from './live-world.port.js';
import { ParkedAlerts } from './parked-alerts.js';
import { ParkedEvents } from './parked-events.port.js';
import { SprintDecisions } from './sprint-decisions.port.js';
import { WorldHistory } from './world-history.port.js';

@Global()
@Module({
  providers: [
    LiveWorld,
    WorldHistory,
    Decisions,
    SprintDecisions,
    ParkedEvents,
    ParkedAlerts,
    { provide: APP_INTERCEPTOR, useClass: FollowAfter },
  ],
  exports: [LiveWorld, WorldHistory, Decisions, SprintDecisions, ParkedEvents],
})
export class WorldModule {}
