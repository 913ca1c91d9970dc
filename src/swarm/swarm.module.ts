import { Module } from '@nestjs/common';
import { AcknowledgeAlertHandler } from './acknowledge-alert.command.js';
import { StreamModule } from '../stream/stream.module.js';
import { AgentIsolation } from './agent-isolation.port.js';
import { AgentKindsController } from './agent-kinds.controller.js';
import { AgentKinds } from './agent-kinds.port.js';
import { AgentRecordsController } from './agent-records.controller.js';
import { AgentsController } from './agents.controller.js';
import { AgentsStreamController } from './agents-stream.controller.js';
import { AlertsController } from './alerts.controller.js';
import { Roster } from './roster.port.js';
import { StatusProjection } from './status-projection.js';

@Module({
  imports: [StreamModule],
  controllers: [
    AgentKindsController,
    AgentRecordsController,
    AgentsController,
    AgentsStreamController,
    AlertsController,
  ],
  providers: [AcknowledgeAlertHandler, AgentIsolation, AgentKinds, Roster, StatusProjection],
  exports: [AgentKinds, Roster],
})
export class SwarmModule {}
