import { Module, type DynamicModule } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import type { AgentRegistry } from '#agents';
import { AccessModule } from './access/access.module.js';
import { AgentsModule } from './agents/agents.module.js';
import { ArchiveModule } from './archive/archive.module.js';
import { ArtifactsModule } from './artifacts/artifacts.module.js';
import { AuditModule } from './audit/audit.module.js';
import { ConfigModule } from './config/config.module.js';
import type { Config } from './config/config.js';
import { HttpModule } from './http/http.module.js';
import { IsolationModule } from './isolation/isolation.module.js';
import { LogModule } from './log/log.module.js';
import type { OpenLog } from './log/open-log.js';
import { OpsModule } from './ops/ops.module.js';
import { OrchestratorModule } from './orchestrator/orchestrator.module.js';
import { RemoteModule } from './remote/remote.module.js';
import { RepositoriesModule } from './repositories/repositories.module.js';
import { SearchModule } from './search/search.module.js';
import { SprintsModule } from './sprints/sprints.module.js';
import { StrategistModule } from './strategist/strategist.module.js';
import { StreamModule } from './stream/stream.module.js';
import { SwarmModule } from './swarm/swarm.module.js';
import { TasksModule } from './tasks/tasks.module.js';
import { WebModule } from './web/web.module.js';
import { WorldModule } from './world/world.module.js';

/** The service at a glance: one room per line. */
@Module({})
export class AppModule {
  static forRoot(config: Config, log: OpenLog, agents: AgentRegistry): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot(config),
        LogModule.forRoot(log),
        AgentsModule.forRoot(agents),
        CqrsModule.forRoot(),
        HttpModule,
        AccessModule,
        IsolationModule,
        ArtifactsModule,
        WorldModule,
        StreamModule,
        RepositoriesModule,
        SprintsModule,
        OrchestratorModule,
        TasksModule,
        SwarmModule,
        RemoteModule,
        StrategistModule,
        AuditModule,
        ArchiveModule,
        SearchModule,
        OpsModule,
        WebModule,
      ],
    };
  }
}
