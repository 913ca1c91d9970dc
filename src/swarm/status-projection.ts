import { readFile } from 'node:fs/promises';
import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { AgentId } from '#contracts';
import type { AgentCard } from '#domain';
import { CONFIG, type Config } from '../config/config.js';
import { STATUS_WRITER, type StatusWriter } from '../log/log.port.js';
import { statusKey } from '../world/keys.port.js';
import { LiveWorld } from '../world/live-world.port.js';
import { AgentIsolation } from './agent-isolation.port.js';

const script = readFile(new URL('./agent-status.lua', import.meta.url), 'utf8');
const RETRY_MS = 1000;

/**
 * Keeps the hash `agent:status:<id>` of every agent as the log says it is, for tools that read Redis. A projection: an
 * older writer never overwrites a newer one, and deleting a hash only means that the next event writes it again.
 */
@Injectable()
export class StatusProjection implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger(StatusProjection.name);
  readonly #written = new Map<AgentId, AgentCard>();
  #writing?: Promise<void>;
  #stopped = false;
  #forget?: () => void;
  #retry?: NodeJS.Timeout;

  constructor(
    private readonly live: LiveWorld,
    @Inject(STATUS_WRITER) private readonly redis: StatusWriter,
    @Inject(CONFIG) private readonly config: Config,
    private readonly isolation: AgentIsolation,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (!this.config.roles.includes('orchestrator')) return;
    await this.live.ready();
    this.#forget = this.live.onChange(() => this.#write());
    this.#write();
  }

  async onModuleDestroy(): Promise<void> {
    this.#stopped = true;
    this.#forget?.();
    clearTimeout(this.#retry);
    await this.#writing;
  }

  #write(): void {
    if (this.#stopped || this.#writing !== undefined || this.#changed().length === 0) return;
    this.#writing = this.#try();
  }

  async #try(): Promise<void> {
    let written = true;
    try {
      await this.#writeChanged();
    } catch (error) {
      written = false;
      this.#logger.warn(`The status of the agents could not be written: ${String(error)}`);
      this.#retry = setTimeout(() => this.#write(), RETRY_MS);
    }
    this.#writing = undefined;
    if (written) this.#write();
  }

  #changed(): AgentCard[] {
    return [...this.live.world.board.agents.values()].filter((card) => this.#written.get(card.id) !== card);
  }

  async #writeChanged(): Promise<void> {
    const lua = await script;
    const isolationOf = await this.isolation.measured();
    const cards = this.#changed();
    const write = (card: AgentCard) =>
      this.redis.eval(lua, 1, statusKey(this.config, card.id), card.version, ...fieldsOf(card, isolationOf(card.kind)));
    const results = await Promise.allSettled(cards.map(write));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
    for (const card of cards) this.#written.set(card.id, card);
  }
}

const fieldsOf = (card: AgentCard, isolation: string): string[] => {
  const time = (at?: number) => (at === undefined ? '' : new Date(at).toISOString());
  return Object.entries({
    id: card.id,
    name: card.name,
    role: card.role,
    status: card.status,
    currentTaskId: card.currentTaskId ?? '',
    currentTaskSummary: card.currentTaskSummary ?? '',
    lastSeen: time(card.lastSeen),
    lastProgress: time(card.lastProgress),
    circuitOpenUntil: time(card.circuitOpenUntil),
    isolation,
  }).flat();
};
