import { Module } from '@nestjs/common';
import { AnalysisJobs } from './analysis.port.js';
import { Strategist } from './strategist.js';

@Module({ providers: [AnalysisJobs, Strategist], exports: [AnalysisJobs] })
export class StrategistModule {}
