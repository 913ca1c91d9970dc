import { Module } from '@nestjs/common';
import { AnalysisJobs } from './analysis.port.js';

@Module({ providers: [AnalysisJobs], exports: [AnalysisJobs] })
export class StrategistModule {}
