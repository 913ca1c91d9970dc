import { Module } from '@nestjs/common';
import { RemoteModule } from '../remote/remote.module.js';
import { SearchModule } from '../search/search.module.js';
import { AnalysisJobs } from '../strategist/analysis.port.js';
import { StrategistModule } from '../strategist/strategist.module.js';
import { SwarmModule } from '../swarm/swarm.module.js';
import { AgentWork } from './agent-work.js';
import { BaseVerificationJobs } from './base-verification.job.js';
import { CandidateGate } from './candidate-gate.js';
import { CandidateVerification } from './candidate-verification.js';
import { Checkouts } from './checkouts.js';
import { IntegrationJobs } from './integration.job.js';
import { IntegrationPublisher } from './integration-publisher.js';
import { Integrator } from './integrator.js';
import { JOB_SOURCES, type JobSource } from './job.port.js';
import { LeaseHolder } from './lease-holder.js';
import { LostWork } from './lost-work.js';
import { Publisher } from './publisher.js';
import { TaskJobs } from './task.job.js';
import { TreeJudge } from './tree-judge.js';
import { TreeVerification } from './tree-verification.js';
import { WorkerService } from './worker.service.js';

@Module({
  imports: [RemoteModule, SearchModule, StrategistModule, SwarmModule],
  providers: [
    AgentWork,
    BaseVerificationJobs,
    CandidateGate,
    CandidateVerification,
    Checkouts,
    IntegrationJobs,
    IntegrationPublisher,
    Integrator,
    LeaseHolder,
    LostWork,
    Publisher,
    TaskJobs,
    TreeJudge,
    TreeVerification,
    WorkerService,
    {
      provide: JOB_SOURCES,
      inject: [TaskJobs, BaseVerificationJobs, AnalysisJobs, IntegrationJobs],
      useFactory: (...sources: JobSource[]): readonly JobSource[] => sources,
    },
  ],
})
export class TasksModule {}
