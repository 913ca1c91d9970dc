import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { agentStream, type AgentId } from '#contracts';
import { agent } from '#domain';
import { AgentRegistry } from '#agents';
import { CONFIG, type Config } from '../config/config.js';
import { Decisions } from '../world/decisions.port.js';
import { LiveWorld } from '../world/live-world.port.js';

const ACTOR = 'system';

/**
 * Gives a slot its agent: `links-1` is the first agent of the kind `links`. The first of every kind is there from the
 * start of a worker, the others are registered when they are first needed.
 */
@Injectable()
export class Roster implements OnApplicationBootstrap {
  constructor(
    private readonly decisions: Decisions,
    private readonly live: LiveWorld,
    private readonly agents: AgentRegistry,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (!this.config.roles.includes('worker')) return;
    await this.live.ready();
    for (const kind of this.agents.kinds()) await this.enlist(kind, 1);
  }

  async enlist(kind: string, slot: number): Promise<AgentId> {
    const agentId = `${kind}-${slot}` as AgentId;
    const { name, role } = this.agents.describe(kind);
    const known = this.live.world.board.agents.get(agentId);
    if (known !== undefined && known.status !== 'offline' && known.role === role) return agentId;
    const outcome = await this.decisions.make({
      stream: agentStream(agentId),
      decider: agent,
      command: { type: 'register', agentId, kind, name: `${name} ${slot}`, role },
      issued: { id: `enlist-${agentId}-${this.live.world.position}`, actor: ACTOR, body: { agentId, kind, role } },
      subjects: { agentId },
    });
    await this.live.reached(outcome.position);
    return agentId;
  }
}
