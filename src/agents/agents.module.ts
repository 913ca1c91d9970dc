import { Module, type DynamicModule } from '@nestjs/common';
import { AgentRegistry } from '#agents';

/** Which kinds of agents this service has. */
@Module({})
export class AgentsModule {
  static forRoot(registry: AgentRegistry): DynamicModule {
    return {
      module: AgentsModule,
      global: true,
      providers: [{ provide: AgentRegistry, useValue: registry }],
      exports: [AgentRegistry],
    };
  }
}
