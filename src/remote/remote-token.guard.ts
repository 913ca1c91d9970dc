import { createHash, timingSafeEqual } from 'node:crypto';
import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { AgentRegistry } from '#agents';
import { HyperRunError, type AgentId } from '#contracts';
import { rememberSecrets } from '../config/secrets.js';
import { kindOf } from './standing.js';

/**
 * Lets a message in whose body carries the `token` of the agent that it names. That of the service is not one: a remote agent
 * can do nothing that a person can, and a person nothing in the name of an agent.
 */
@Injectable()
export class RemoteTokenGuard implements CanActivate {
  constructor(private readonly agents: AgentRegistry) {}

  /** @throws HyperRunError access.token-missing, access.token-wrong: also where there is no such agent */
  canActivate(context: ExecutionContext): boolean {
    const { agent, token } = bodyOf(context.switchToRpc().getData());
    if (token === undefined)
      throw new HyperRunError('access.token-missing', 'A token is needed: the field `token` with that of the agent.');
    const expected = agent === undefined ? undefined : this.#hashOf(kindOf(agent as AgentId));
    if (!matches(token, expected))
      throw new HyperRunError('access.token-wrong', 'This is not the token of this agent. `hyper-run agents add remote` makes a new one.'); // prettier-ignore
    // Only its hash is known before.
    rememberSecrets([token]);
    return true;
  }

  #hashOf(kind: string): string | undefined {
    if (!this.agents.kinds().includes(kind)) return undefined;
    const { definition } = this.agents.describe(kind);
    return definition?.type === 'remote' ? definition.tokenHash : undefined;
  }
}

const bodyOf = (body: unknown): { readonly agent?: string; readonly token?: string } => {
  const field = (name: string): string | undefined => {
    const value: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, name) : undefined;
    return typeof value === 'string' ? value : undefined;
  };
  return { agent: field('agent'), token: field('token') };
};

/** Also compared where there is nothing to compare with, so that time does not tell which agents there are. */
const matches = (token: string, expected = '0'.repeat(64)): boolean =>
  timingSafeEqual(createHash('sha256').update(token).digest(), Buffer.from(expected, 'hex'));
