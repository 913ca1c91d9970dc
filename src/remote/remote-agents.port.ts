import { randomUUID } from 'node:crypto';
import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { AgentRegistry, type RemoteWork } from '#agents';
import { HyperRunError, taskStream, type AgentId } from '#contracts';
import { task, type AgentCard } from '#domain';
import type { EventStore } from '#event-store';
import { CONFIG, type Config } from '../config/config.js';
import { EVENT_STORE, REDIS } from '../log/log.port.js';
import { Roster } from '../swarm/roster.port.js';
import { foldUntil } from '../world/decisions.port.js';
import { FREE_OWN, hintKey } from '../world/keys.port.js';
import { LiveWorld } from '../world/live-world.port.js';
import { Callers } from './callers.js';
import { Desk, type Asked, type Terms, type WaitsFor } from './desk.js';
import { kindOf, lost, slotOf, standingOf, type Named } from './standing.js';

/** Longer than another process needs to hear of a claim. */
const RESERVED_MS = 5000;

/** An agent that waits for a task, and is this worker's to give one. */
export interface Reserved {
  readonly agentId: AgentId;
  /** When the attempt is over, or did not come about. */
  release(): Promise<void>;
}

export interface Serving extends Terms {
  readonly agentId: AgentId;
  readonly waitsFor: () => WaitsFor;
  /** Aborts when the attempt is over. */
  readonly signal: AbortSignal;
}

/**
 * Agents that live elsewhere, as far as this worker deals with them. Every worker hears every message; the one that holds an
 * attempt carries out what is asked for it, and the others are silent. A worker begins with a task only when an agent asks for
 * one, and reserves that agent first, so that two workers do not take the same.
 */
@Injectable()
export class RemoteAgents implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger(RemoteAgents.name);
  readonly #kinds: ReadonlySet<string>;
  readonly #callers = new Callers();
  readonly #desks = new Map<AgentId, Desk>();
  readonly #reserved = new Set<AgentId>();
  /** Of other workers, until when at most. */
  readonly #theirs = new Map<AgentId, number>();
  readonly #listeners = new Set<() => void>();
  #silence?: NodeJS.Timeout;
  #forget?: () => void;
  #stopped = false;

  constructor(
    private readonly agents: AgentRegistry,
    private readonly roster: Roster,
    private readonly live: LiveWorld,
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(REDIS) private readonly redis: Redis,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    const isRemote = (kind: string) => agents.describe(kind).planned.adapter === 'remote';
    this.#kinds = new Set(agents.kinds().filter(isRemote));
  }

  /** Whoever was there when this worker was not has as much time as after a word of its own. */
  async onApplicationBootstrap(): Promise<void> {
    if (!this.config.roles.includes('worker')) return;
    await this.live.ready();
    for (const { id, kind, status } of this.live.world.board.agents.values())
      if (status !== 'offline' && this.isRemote(kind)) this.#callers.heard(id, Date.now());
    this.#watchSilence();
    this.#forget = this.live.onChange((batch) => {
      for (const { event } of batch)
        if (event.type === 'task.claimed' && !this.#reserved.has(event.data.agentId))
          this.#callers.wake(event.data.agentId);
    });
  }

  onModuleDestroy(): void {
    this.#stopped = true;
    this.#forget?.();
    clearTimeout(this.#silence);
    this.#callers.wakeAll();
  }

  isRemote(kind: string): boolean {
    return this.#kinds.has(kind);
  }

  /** Calls back when another agent may be free; returns how to stop that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** How many of its kind wait for a task. */
  free(kind: string): number {
    return this.#free(kind).length;
  }

  /** One that waits for a task. Undefined: there is none, or another worker was faster. */
  async reserve(kind: string): Promise<Reserved | undefined> {
    const [agentId] = this.#free(kind);
    if (agentId === undefined) return undefined;
    this.#reserved.add(agentId);
    const key = hintKey(this.config, `remote:${agentId}`);
    const mark = randomUUID();
    const release = async () => {
      this.#reserved.delete(agentId);
      // Where Redis is away it ends by itself.
      await this.redis.eval(FREE_OWN, 1, key, mark).catch(() => undefined);
      this.#tell();
    };
    const isOurs = await this.redis.set(key, mark, 'PX', RESERVED_MS, 'NX').catch(async (error: unknown) => {
      await release();
      throw error;
    });
    if (isOurs === 'OK') return { agentId, release };
    await this.#leave(agentId, key);
    return undefined;
  }

  /** Serves an agent during one attempt, until the desk is closed. */
  serve({ agentId, waitsFor, signal, ...terms }: Serving): Desk {
    const desk = new Desk(terms, { waitsFor, signal, onOpen: () => this.#callers.wake(agentId) });
    this.#desks.set(agentId, desk);
    return desk;
  }

  /** It is there, and calls itself so. What it calls itself shows only between two tasks, and not anew without an end. */
  async register(agentId: AgentId, about: { readonly name?: string; readonly version?: string }): Promise<AgentCard> {
    this.#hear(agentId);
    const described = this.agents.describe(kindOf(agentId));
    const name = (about.name ?? `${described.name} ${slotOf(agentId)}`).slice(0, 80);
    const version = about.version === undefined ? '' : `, version ${about.version}`;
    const role = `${described.role}${version}`.slice(0, 200);
    if (this.#mayBeShown(agentId, { name, role }))
      await this.roster.enlist(kindOf(agentId), slotOf(agentId), { name, role });
    const card = this.#card(agentId);
    if (card === undefined) throw new HyperRunError('agent.unknown', `There is no agent "${agentId}".`);
    return card;
  }

  /** Its task, as soon as it has one; undefined: another worker answers. */
  async next(agentId: AgentId, waitMs: number): Promise<object | undefined> {
    await this.#attend(agentId);
    const told = () => {
      const brief = this.#desks.get(agentId)?.brief();
      return brief === undefined ? undefined : { status: 'task', task: brief };
    };
    const now = told();
    if (now !== undefined) return now;
    const waited = this.#callers.wait(agentId, waitMs);
    this.#tell();
    await waited;
    if (this.#stopped) return undefined;
    return told() ?? this.#idle(agentId);
  }

  /**
   * Carries out what it asks for its task; undefined: another worker does.
   * @throws HyperRunError agent.other-task, agent.not-running, task.unknown, task.settled, task.lost; what the work throws
   */
  async carryOut(named: Named, asked: Asked, ask: (work: RemoteWork) => Promise<object>): Promise<object | undefined> {
    await this.#attend(named.agentId);
    await this.live.ready();
    const desk = this.#desks.get(named.agentId);
    const mine = desk?.isFor(named) === true;
    if (!mine || !desk.has(asked.commandId)) await this.#requireHeld(named);
    if (!mine) return undefined;
    try {
      const answer = await desk.answer(asked, ask);
      if (answer !== undefined) return answer;
    } catch (error) {
      if (!desk.isBrokenOff) throw error;
      // How it ended says more than what that broke off; where it is not in the log yet, another worker may take it on.
      await this.live.ready();
      await this.#requireHeld(named);
      throw lost(named);
    }
    throw new HyperRunError('agent.not-running', 'The work is over, and nothing more is done for it.');
  }

  /** To be asked when all is folded that is in the log: it may be cancelled by now, or held by another worker. */
  async #requireHeld(named: Named): Promise<void> {
    const { taskId } = named;
    // The world keeps no tasks of sprints that are completed.
    const state = this.live.world.tasks.get(taskId) ?? foldUntil(task, await this.store.read(taskStream(taskId)));
    const standing = standingOf(state, named);
    if (standing !== 'held') throw standing;
  }

  async #idle(agentId: AgentId): Promise<object | undefined> {
    await this.live.ready();
    const taskId = this.#card(agentId)?.currentTaskId;
    const isElsewhere = taskId !== undefined && this.#desks.get(agentId)?.terms.taskId !== taskId;
    return isElsewhere ? undefined : { status: 'idle' };
  }

  #free(kind: string): AgentId[] {
    const now = Date.now();
    return this.#callers
      .waiting()
      .filter(
        (id) =>
          kindOf(id) === kind &&
          !this.#reserved.has(id) &&
          (this.#theirs.get(id) ?? 0) <= now &&
          this.#card(id)?.currentTaskId === undefined,
      );
  }

  /** Another worker has reserved it: until it says so no more. */
  async #leave(agentId: AgentId, key: string): Promise<void> {
    const left = Math.max(1, await this.redis.pttl(key).catch(() => RESERVED_MS));
    this.#theirs.set(agentId, Date.now() + left);
    this.#reserved.delete(agentId);
    setTimeout(() => this.#tell(), left).unref();
  }

  #card(agentId: AgentId): AgentCard | undefined {
    return this.live.world.board.agents.get(agentId);
  }

  #mayBeShown(agentId: AgentId, { name, role }: Pick<AgentCard, 'name' | 'role'>): boolean {
    const card = this.#card(agentId);
    if (card === undefined || card.status === 'offline') return true;
    const isOther = card.name !== name || card.role !== role;
    return card.currentTaskId === undefined && isOther && this.#callers.takesName(agentId, Date.now());
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  #hear(agentId: AgentId): void {
    this.#callers.heard(agentId, Date.now());
    this.#watchSilence();
  }

  /** Whoever was taken for gone is there again with its next word, under the name that it had. */
  async #attend(agentId: AgentId): Promise<void> {
    this.#hear(agentId);
    await this.#enlist(agentId);
  }

  async #enlist(agentId: AgentId): Promise<void> {
    const card = this.#card(agentId);
    if (card === undefined || card.status === 'offline')
      await this.roster.enlist(kindOf(agentId), slotOf(agentId), card && { name: card.name, role: card.role });
  }

  #watchSilence(): void {
    if (this.#stopped || this.#callers.size === 0) return;
    const ms = this.config.remoteSeconds * 1000;
    this.#silence ??= setTimeout(() => {
      this.#silence = undefined;
      this.#dismissSilent(ms)
        .catch((error: unknown) => this.#logger.warn(`Who is silent could not be told: ${String(error)}`))
        .finally(() => this.#watchSilence());
    }, ms / 4).unref();
  }

  /** Whoever has a task is looked after by the watchdog, as all are that have one. */
  async #dismissSilent(ms: number): Promise<void> {
    const silent = () => this.#callers.silentSince(Date.now() - ms);
    for (const agentId of silent()) {
      // One that is dismissed takes its time, in which another may say a word.
      if (this.#card(agentId)?.currentTaskId !== undefined || !silent().includes(agentId)) continue;
      await this.roster.dismiss(agentId, `It has not been heard of for ${this.config.remoteSeconds} seconds.`);
      if (silent().includes(agentId)) this.#callers.forget(agentId);
      else await this.#enlist(agentId);
    }
  }
}
