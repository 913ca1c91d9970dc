import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { Redis } from 'ioredis';
import {
  agentStream,
  isHyperRunError,
  repositoryStream,
  sprintStream,
  taskStream,
  type Instant,
  type SprintId,
  type StreamName,
  type TaskId,
  type Version,
  type WorkerId,
} from '#contracts';
import {
  agent,
  holderOf,
  isActive,
  isIntegrating,
  raisesEpoch,
  repository,
  sprint,
  task,
  type Job,
  type SprintState,
} from '#domain';
import type { EventStore } from '#event-store';
import { sealStream } from '#seal';
import { CONFIG, type Config } from '../config/config.js';
import { failpoint } from '../config/failpoint.js';
import { EVENT_STORE, REDIS } from '../log/log.port.js';
import { redisNow } from '../log/redis-clock.port.js';
import { Decisions, foldUntil } from '../world/decisions.port.js';
import { hintKey } from '../world/keys.port.js';
import { isPoison } from '../world/parked-events.port.js';
import { LiveWorld } from '../world/live-world.port.js';
import { SprintDecisions } from '../world/sprint-decisions.port.js';
import { inLanes } from './in-lanes.js';
import { next, type Limits, type Signals, type Step } from './next.js';
import { Vigil } from './vigil.js';

const ACTOR = 'orchestrator';
/** What could not be read is not asked for in a loop. */
const UNREADABLE_MS = 60_000;
/** After an append failed for want of Redis, and the like. */
const RETRY_MS = 500;
/** Of different sprints: what is appended at the same time travels together. */
const STEPS_AT_ONCE = 64;
/** A plan that expires tomorrow need not be waited for with one long timer. */
const LONGEST_SLEEP_MS = 3_600_000;

/**
 * Asks what has to happen, appends it, folds it, asks again. It only appends: what has effects is a job that a worker
 * claims. Several may run at once; deterministic command ids and exact versions let one of them win.
 */
@Injectable()
export class OrchestratorService implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger(OrchestratorService.name);
  readonly #limits: Limits;
  readonly #vigil: Vigil;
  #plannedAt?: Instant;
  #timer?: NodeJS.Timeout;
  #asked = false;
  #turning?: Promise<void>;
  #stopped = false;
  #forget?: () => void;

  constructor(
    private readonly live: LiveWorld,
    private readonly decisions: Decisions,
    private readonly sprints: SprintDecisions,
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(REDIS) private readonly redis: Redis,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    this.#vigil = new Vigil({ monotonic: () => performance.now(), leaseMs: config.leaseSeconds * 1000 });
    this.#limits = {
      stalledMs: config.stalledSeconds * 1000,
      leaseCheckMs: (config.leaseSeconds * 1000) / 3,
      pauseGraceMs: config.pauseSeconds * 1000,
      answerMs: config.answerSeconds * 1000,
      unanswered: config.unanswered,
      circuit: {
        failures: config.circuitFailures,
        windowMs: config.circuitWindowSeconds * 1000,
        openMs: config.circuitOpenSeconds * 1000,
      },
    };
  }

  async onApplicationBootstrap(): Promise<void> {
    if (!this.config.roles.includes('orchestrator')) return;
    await this.live.ready();
    this.#forget = this.live.onChange(() => this.#ask());
    this.#ask();
  }

  async onModuleDestroy(): Promise<void> {
    this.#stopped = true;
    this.#forget?.();
    clearTimeout(this.#timer);
    await this.#turning;
  }

  #ask(): void {
    this.#asked = true;
    this.#turning ??= this.#turn().finally(() => {
      this.#turning = undefined;
      if (this.#asked && !this.#stopped) this.#ask();
    });
  }

  async #turn(): Promise<void> {
    this.#asked = false;
    clearTimeout(this.#timer);
    this.#plannedAt = undefined;
    try {
      const { now, signals } = await this.#signals().catch((error: unknown) => {
        this.#vigil.lost();
        throw error;
      });
      const { steps, wakeAt } = next(this.live.world, signals, now, this.#limits);
      await inLanes(
        steps,
        (step) => this.#laneOf(step),
        STEPS_AT_ONCE,
        (step) => this.#take(step),
      );
      if (wakeAt !== undefined) this.#wake(Math.max(0, wakeAt - now) + 5);
    } catch (error) {
      if (this.#stopped) return;
      if (isHyperRunError(error, 'log.rewound'))
        return this.#logger.error(`Nothing is decided any more: ${String(error)}`);
      this.#logger.warn(`Trying again in ${RETRY_MS} ms: ${String(error)}`);
      this.#wake(RETRY_MS);
    }
  }

  /** Asks again then, or earlier if that was planned already. */
  #wake(inMs: number): void {
    const at = Date.now() + Math.min(inMs, LONGEST_SLEEP_MS);
    if (this.#stopped || (this.#plannedAt !== undefined && this.#plannedAt <= at)) return;
    clearTimeout(this.#timer);
    this.#plannedAt = at;
    this.#vigil.planned(at - Date.now());
    this.#timer = setTimeout(() => this.#ask(), at - Date.now());
  }

  /** Reads what is not in the log: the clock of Redis, leases and progress of the work that is held now. */
  async #signals(): Promise<{ now: Instant; signals: Signals }> {
    const { world } = this.live;
    const workers = new Set<WorkerId>();
    const tasks: TaskId[] = [];
    for (const state of world.sprints.values()) {
      const claim = jobOf(state)?.claim;
      if (claim !== undefined) workers.add(claim.worker);
    }
    for (const [id, state] of world.tasks) {
      const holder = holderOf(state);
      if (holder !== undefined) workers.add(holder.worker);
      if (state.status === 'working') tasks.push(id);
    }
    const now = await redisNow(this.redis);
    this.#vigil.look(now);
    const lenient = this.#vigil.isLenient(now);
    const leases = [...workers];
    const values =
      leases.length === 0 ? [] : await this.redis.mget(leases.map((id) => hintKey(this.config, `lease:${id}`)));
    const progress =
      tasks.length === 0 ? [] : await this.redis.mget(tasks.map((id) => hintKey(this.config, `progress:${id}`)));
    const alive = new Set(leases.filter((_, index) => values[index] !== null));
    const progressed = new Map(tasks.map((id, index) => [id, Number(progress[index] ?? 0)]));
    return {
      now,
      signals: {
        // Who claimed after the leases were read has not been asked about: not known is not lost.
        alive: (worker) => lenient || !workers.has(worker) || alive.has(worker),
        lastProgress: (id) => progressed.get(id),
        awakeSince: this.#vigil.awakeSince,
      },
    };
  }

  /** Steps that decide on the same sprint wait for one another, and so do those about agents. */
  #laneOf(step: Step): string {
    if (step.kind === 'agent') return step.kind;
    if (step.kind !== 'task') return sprintStream(step.sprintId);
    const state = this.live.world.tasks.get(step.taskId);
    return state !== undefined && 'spec' in state ? sprintStream(state.spec.sprintId) : taskStream(step.taskId);
  }

  async #take(step: Step): Promise<void> {
    if (this.#stopped) return;
    try {
      failpoint('orchestrator.before-step');
      if (step.kind === 'complete') await this.#complete(step.sprintId);
      else if (step.kind === 'sprint') await this.#decideSprint(step);
      else if (step.kind === 'agent') await this.#decideAgent(step);
      else await this.#decideTask(step);
      failpoint('orchestrator.after-step');
    } catch (error) {
      // One stream that cannot be read keeps nobody from the others. It was parked, and told of, when it was folded.
      if (isPoison(error)) {
        this.#logger.error(`Nothing can be decided: ${String(error)}`);
        return this.#wake(UNREADABLE_MS);
      }
      // Somebody else was first, or the world is a moment behind: the next fold answers anew.
      if (isHyperRunError(error) && error.actor === 'caller') return this.#wake(RETRY_MS);
      throw error;
    }
  }

  #issued(stream: StreamName, type: string) {
    const version: Version | 0 = this.live.world.versions.get(stream) ?? 0;
    const id = `${ACTOR}/${stream}@${version}/${type}`;
    return { id, actor: ACTOR, body: { stream, version, type } };
  }

  async #decideSprint({ sprintId, command }: Extract<Step, { kind: 'sprint' }>): Promise<void> {
    const suffix = command.type === 'settle-task' ? `${command.type}/${command.taskId}` : command.type;
    const issued = this.#issued(sprintStream(sprintId), suffix);
    const causationId = command.type === 'settle-task' ? await this.#endOf(command.taskId) : undefined;
    await this.sprints.make(sprintId, command, causationId === undefined ? issued : { ...issued, causationId });
  }

  /** Id of the event that settled a task. */
  async #endOf(taskId: TaskId): Promise<string | undefined> {
    const stream = taskStream(taskId);
    const last = await this.store.read(stream, this.live.world.versions.get(stream));
    return last.find(({ type }) => type !== 'alert.acknowledged')?.id;
  }

  async #decideTask({ taskId, command }: Extract<Step, { kind: 'task' }>): Promise<void> {
    const stream = taskStream(taskId);
    const state = this.live.world.tasks.get(taskId);
    const sprintId = state !== undefined && 'spec' in state ? state.spec.sprintId : undefined;
    const outcome = await this.decisions.make({
      stream,
      decider: task,
      command,
      issued: this.#issued(stream, command.type),
      subjects: { taskId, ...(sprintId === undefined ? {} : { sprintId }) },
      raiseEpoch: raisesEpoch(command),
    });
    await this.live.reached(outcome.position);
  }

  async #decideAgent({ agentId, command, causationId }: Extract<Step, { kind: 'agent' }>): Promise<void> {
    const stream = agentStream(agentId);
    const outcome = await this.decisions.make({
      stream,
      decider: agent,
      command,
      issued: { ...this.#issued(stream, command.type), ...(causationId === undefined ? {} : { causationId }) },
      subjects: { agentId },
    });
    await this.live.reached(outcome.position);
  }

  /** Records the heads of all streams of the sprint in its last event, and lets go of the repository with it. */
  async #complete(sprintId: SprintId): Promise<void> {
    const stream = sprintStream(sprintId);
    const state = this.live.world.sprints.get(sprintId);
    if (state === undefined || !isActive(state)) return;
    const streams = [...state.taskIds, ...state.declined].map(taskStream);
    const heads = await Promise.all(streams.map((name) => sealStream(name, this.store.readBytes(name))));
    const own = await sealStream(stream, this.store.readBytes(stream));
    const holder = repositoryStream(state.request.repositoryId);
    const outcome = await this.decisions.make({
      stream,
      decider: sprint,
      command: { type: 'complete', heads: [...heads, own] },
      issued: this.#issued(stream, 'complete'),
      subjects: { sprintId },
      also: async () => {
        const recorded = await this.store.read(holder);
        const events = repository.decide({ type: 'end-sprint', sprintId }, foldUntil(repository, recorded));
        const version = (recorded.at(-1)?.version ?? 0) as Version;
        return events.length === 0
          ? []
          : [{ stream: holder, guard: { kind: 'exact', version }, subjects: { sprintId }, events }];
      },
    });
    await this.live.reached(outcome.position);
  }
}

/** The job that a sprint has open now, besides its tasks. */
const jobOf = (state: SprintState): Job | undefined => {
  if (state.status === 'analysing') return state.analysis;
  if (state.status === 'completed') return isIntegrating(state.integration) ? state.integration.job : undefined;
  return isActive(state) ? state.baseJob : undefined;
};
