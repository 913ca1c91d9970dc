import { Module, type DynamicModule } from '@nestjs/common';
import { AgentRegistry } from '#agents';
import { AgentKindsController } from './agent-kinds.controller.js';

/** Which kinds of agents this service has. */
@Module({})
export class AgentsModule {
  static forRoot(registry: AgentRegistry): DynamicModule {
    return {
      module: AgentsModule,
      global: true,
      controllers: [AgentKindsController],
      providers: [{ provide: AgentRegistry, useValue: registry }],
      exports: [AgentRegistry],
    };
  }
}
