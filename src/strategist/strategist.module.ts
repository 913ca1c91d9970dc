import { Module } from '@nestjs/common';
import { SwarmModule } from '../swarm/swarm.module.js';
import { AnalysisJobs } from './analysis.port.js';
import { RescopeHandler } from './rescope.query.js';
import { Strategist } from './strategist.js';

@Module({ imports: [SwarmModule], providers: [AnalysisJobs, RescopeHandler, Strategist], exports: [AnalysisJobs] })
export class StrategistModule {}
