import { Module } from '@nestjs/common';
import { SwarmModule } from '../swarm/swarm.module.js';
import { AnalysisJobs } from './analysis.port.js';
import { PlanWording } from './plan-wording.js';
import { RescopeHandler } from './rescope.query.js';
import { Strategist } from './strategist.js';

@Module({
  imports: [SwarmModule],
  providers: [AnalysisJobs, PlanWording, RescopeHandler, Strategist],
  exports: [AnalysisJobs],
})
export class StrategistModule {}
