import { Global, Module } from '@nestjs/common';
import { Decisions } from './decisions.port.js';
import { LiveWorld } from './live-world.port.js';
import { SprintDecisions } from './sprint-decisions.port.js';

@Global()
@Module({ providers: [LiveWorld, Decisions, SprintDecisions], exports: [LiveWorld, Decisions, SprintDecisions] })
export class WorldModule {}
