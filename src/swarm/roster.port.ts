import { randomUUID } from 'node:crypto';
import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { agentStream, type AgentId } from '#contracts';
import { agent, type AgentCard } from '#domain';
import { AgentRegistry } from '#agents';
import { CONFIG, type Config } from '../config/config.js';
import { Decisions } from '../world/decisions.port.js';
import { LiveWorld } from '../world/live-world.port.js';

const ACTOR = 'system';

/**
 * Gives a slot its agent: `links-1` is the first agent of the kind `links`. The first of every kind is there from the
 * start of a worker, the others are registered when they are first needed. Agents of kinds that are not configured any more
 * leave at the start, those that are at a task when that is over.
 */
@Injectable()
export class Roster implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger(Roster.name);
  #forget?: () => void;

  constructor(
    private readonly decisions: Decisions,
    private readonly live: LiveWorld,
    private readonly agents: AgentRegistry,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (!this.config.roles.includes('worker')) return;
    await this.live.ready();
    for (const kind of this.agents.kinds())
      if (this.agents.describe(kind).definition?.type === 'remote') await this.#awaitFirst(kind);
      else await this.enlist(kind, 1);
    this.#dismissGone();
  }

  onModuleDestroy(): void {
    this.#forget?.();
  }

  /** Each once: another service may know the kind, and need it again. */
  #dismissGone(): void {
    const kinds = this.agents.kinds();
    const cards = () => this.live.world.board.agents;
    const here = [...cards().values()].filter(({ status }) => status !== 'offline');
    const gone = new Set(here.filter(({ kind }) => !kinds.includes(kind)).map(({ id }) => id));
    const look = () => {
      for (const id of gone) {
        if (cards().get(id)?.currentTaskId !== undefined) continue;
        gone.delete(id);
        this.dismiss(id, 'It is not configured any more.').catch((error: unknown) =>
          this.#logger.warn(`${id} could not be signed off: ${String(error)}`),
        );
      }
      if (gone.size === 0) this.#forget?.();
    };
    this.#forget = this.live.onChange(look);
    look();
  }

  /** `about`: how an agent that lives elsewhere calls itself. */
  async enlist(kind: string, slot: number, about?: Pick<AgentCard, 'name' | 'role'>): Promise<AgentId> {
    const agentId = `${kind}-${slot}` as AgentId;
    const described = this.agents.describe(kind);
    const { name, role } = about ?? { name: `${described.name} ${slot}`, role: described.role };
    const known = this.live.world.board.agents.get(agentId);
    const isSame = known?.role === role && (about === undefined || known.name === name);
    if (isSame && known.status !== 'offline') return agentId;
    const outcome = await this.decisions.make({
      stream: agentStream(agentId),
      decider: agent,
      command: { type: 'register', agentId, kind, name, role },
      // It is decided by the state: nothing happens where it is enlisted so already.
      issued: { id: `enlist-${agentId}-${randomUUID()}`, actor: ACTOR, body: { agentId, kind, name, role } },
      subjects: { agentId },
    });
    await this.live.reached(outcome.position);
    return agentId;
  }

  /** It is not there any more: its card says `offline`, until it is enlisted again. */
  async dismiss(agentId: AgentId, reason: string): Promise<void> {
    const { position } = await this.decisions.make({
      stream: agentStream(agentId),
      decider: agent,
      command: { type: 'deregister', reason },
      issued: { id: `dismiss-${agentId}-${this.live.world.position}`, actor: ACTOR, body: { agentId } },
      subjects: { agentId },
    });
    await this.live.reached(position);
  }

  /** So that the board shows who may come. */
  async #awaitFirst(kind: string): Promise<void> {
    if (this.live.world.board.agents.has(`${kind}-1` as AgentId)) return;
    await this.dismiss(await this.enlist(kind, 1), 'It has not been heard of yet.');
  }
}
