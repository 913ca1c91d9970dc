import { Module } from '@nestjs/common';
import { SwarmModule } from '../swarm/swarm.module.js';
import { AnalysisJobs } from './analysis.port.js';
import { Strategist } from './strategist.js';

@Module({ imports: [SwarmModule], providers: [AnalysisJobs, Strategist], exports: [AnalysisJobs] })
export class StrategistModule {}
