import { Global, Module } from '@nestjs/common';
import { Decisions } from './decisions.port.js';
import { LiveWorld } from './live-world.port.js';
import { SprintDecisions } from './sprint-decisions.port.js';
import { WorldHistory } from './world-history.port.js';

@Global()
@Module({
  providers: [LiveWorld, WorldHistory, Decisions, SprintDecisions],
  exports: [LiveWorld, WorldHistory, Decisions, SprintDecisions],
})
export class WorldModule {}
