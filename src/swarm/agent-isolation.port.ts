import { Injectable } from '@nestjs/common';
import { AgentRegistry } from '#agents';
import { IsolationLevel } from '../isolation/isolation-level.port.js';

/** What lies between an agent of a kind and the rest of the machine. */
export type IsolationOf = (kind: string) => string;

/**
 * Says so for every kind: `memory` where it works on a tree in memory and is part of the service, so that there is nothing to get out
 * of; the level that was measured here where it is a program of its own; `unknown` where this service has no agent of that kind.
 */
@Injectable()
export class AgentIsolation {
  constructor(
    private readonly agents: AgentRegistry,
    private readonly isolation: IsolationLevel,
  ) {}

  async measured(): Promise<IsolationOf> {
    const { level } = await this.isolation.measured();
    const known = new Map(
      this.agents.kinds().map((kind) => {
        const { planned } = this.agents.describe(kind);
        if (planned.adapter === 'remote') return [kind, 'remote'];
        return [kind, planned.workplace === 'sandbox' ? level : 'memory'];
      }),
    );
    return (kind) => known.get(kind) ?? 'unknown';
  }
}
