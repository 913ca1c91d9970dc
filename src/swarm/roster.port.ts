import { Injectable } from '@nestjs/common';
import { agentStream, type AgentId } from '#contracts';
import { agent } from '#domain';
import { agentFor } from '#agents';
import { Decisions } from '../world/decisions.port.js';
import { LiveWorld } from '../world/live-world.port.js';

const ACTOR = 'system';

/** Gives a slot its agent: `links-1` is the first agent of the kind `links`. Registered when it is first needed. */
@Injectable()
export class Roster {
  constructor(
    private readonly decisions: Decisions,
    private readonly live: LiveWorld,
  ) {}

  async enlist(kind: string, slot: number): Promise<AgentId> {
    const agentId = `${kind}-${slot}` as AgentId;
    const { name, role } = agentFor(kind);
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
