import { Module } from '@nestjs/common';
import { SwarmModule } from '../swarm/swarm.module.js';
import { RemoteAgents } from './remote-agents.port.js';
import { RemoteMessages } from './remote.messages.js';
import { RemoteTokenGuard } from './remote-token.guard.js';

/** Agents that live in another process or on another host. */
@Module({
  imports: [SwarmModule],
  controllers: [RemoteMessages],
  providers: [RemoteAgents, RemoteTokenGuard],
  exports: [RemoteAgents],
})
export class RemoteModule {}
