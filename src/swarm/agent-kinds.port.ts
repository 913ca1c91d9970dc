import { access } from 'node:fs/promises';
import { Injectable } from '@nestjs/common';
import { AgentRegistry, fromHome, locateProgram, type AgentKind } from '#agents';
import { IsolationLevel } from '../isolation/isolation-level.port.js';
import { LiveWorld } from '../world/live-world.port.js';

/** A kind of agents, and what keeps it from working here. */
export interface KindHere extends AgentKind {
  /** Absent: nothing does. */
  readonly unusable?: string;
}

/** The kinds of agents of this service, looked at on this machine. */
@Injectable()
export class AgentKinds {
  constructor(
    private readonly registry: AgentRegistry,
    private readonly isolation: IsolationLevel,
    private readonly live: LiveWorld,
  ) {}

  list(): Promise<KindHere[]> {
    return Promise.all(this.registry.kinds().map((kind) => this.look(kind)));
  }

  /** Looked at anew each time: what is missing may be installed meanwhile. @throws HyperRunError agent.unknown */
  async look(kind: string): Promise<KindHere> {
    const described = this.registry.describe(kind);
    const unusable =
      (await this.#noSandbox(described)) ?? noKey(described) ?? (await noProgram(described)) ?? this.#noWord(described);
    return unusable === undefined ? described : { ...described, unusable };
  }

  async #noSandbox({ planned }: AgentKind): Promise<string | undefined> {
    if (planned.workplace !== 'sandbox') return undefined;
    const { level, why } = await this.isolation.measured();
    return level === 'none' ? `It works only in a sandbox, and there is none here: ${why}` : undefined;
  }

  /** A remote agent is there when it has been heard of. */
  #noWord({ kind, planned }: AgentKind): string | undefined {
    if (planned.adapter !== 'remote') return undefined;
    const isThere = [...this.live.world.board.agents.values()].some(
      (card) => card.kind === kind && card.status !== 'offline',
    );
    return isThere ? undefined : 'It lives elsewhere, and nothing is heard of it now.';
  }
}

const noKey = ({ planned: { credential } }: AgentKind): string | undefined =>
  credential === undefined || (process.env[credential] ?? '') !== ''
    ? undefined
    : `The variable ${credential}, which is to hold the key of its model, is not set for the service.`;

const noProgram = async ({ definition }: AgentKind): Promise<string | undefined> => {
  if (definition?.type !== 'acp' && definition?.type !== 'command') return undefined;
  const { command, mounts = [], homeTemplate } = definition;
  for (const path of [...mounts, ...(homeTemplate === undefined ? [] : [homeTemplate])]) {
    const isThere = await access(fromHome(path)).then(() => true, () => false); // prettier-ignore
    if (!isThere) return `There is no ${path}, which it needs.`;
  }
  return locateProgram(command[0] ?? '').then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
};
