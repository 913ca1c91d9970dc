import { Module } from '@nestjs/common';
import { OrchestratorService } from './orchestrator.service.js';

@Module({ providers: [OrchestratorService] })
export class OrchestratorModule {}
