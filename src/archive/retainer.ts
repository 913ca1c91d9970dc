import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import {
  bodiesOf,
  sprintStream,
  taskStream,
  type BodyKind,
  type Instant,
  type Sha256,
  type SprintId,
} from '#contracts';
import { isActive, type Active, type Completed, type SprintState } from '#domain';
import type { EventStore } from '#event-store';
import { ArtifactStore } from '../artifacts/artifact-store.port.js';
import { CONFIG, type Config } from '../config/config.js';
import { RETAINED, type Retained } from '../config/retention.js';
import { EVENT_STORE } from '../log/log.port.js';
import { LiveWorld } from '../world/live-world.port.js';
import { SprintDecisions } from '../world/sprint-decisions.port.js';
import { ArchiveFiles } from './archive-files.port.js';

const ACTOR = 'orchestrator';
const LONGEST_SLEEP_MS = 3_600_000;
/** A service that died while it let go of something is started again within that. */
const CRASHED_MS = 7 * 86_400_000;
/** What could not be let go of is tried again so much later. */
const AGAIN_MS = 600_000;

interface Due {
  readonly state: Archived;
  readonly kind: Retained;
  readonly at: Instant;
}

type Archived = Completed & Required<Pick<Completed, 'archive'>>;

/**
 * Lets go of what the operator keeps only for a time, of archived sprints. The event is written first; what a crash left
 * standing goes at the next start. Heads, seals and the sprint's own stream are never let go of.
 */
@Injectable()
export class Retainer implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger(Retainer.name);
  readonly #notBefore = new Map<SprintId, Instant>();
  #timer?: NodeJS.Timeout;
  #working?: Promise<void>;
  #stopped = false;

  constructor(
    private readonly live: LiveWorld,
    private readonly decisions: SprintDecisions,
    private readonly files: ArchiveFiles,
    private readonly artifacts: ArtifactStore,
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (!this.config.roles.includes('orchestrator')) return;
    await this.live.ready();
    this.#work(this.#finish());
  }

  async onModuleDestroy(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#working;
  }

  /** Looks again when the next time is over, and once an hour while there is a time at all. */
  #plan(): void {
    if (this.#stopped || Object.keys(this.config.retain).length === 0) return;
    const wait = Math.min(...this.#dues().map(({ at }) => at)) - Date.now();
    this.#timer = setTimeout(() => this.#work(this.#apply()), Math.min(Math.max(wait, 0), LONGEST_SLEEP_MS));
  }

  #work(work: Promise<void>): void {
    this.#working = work
      .catch((error: unknown) => {
        if (!this.#stopped) this.#logger.warn(`What is kept only for a time was not let go of: ${String(error)}`);
      })
      .finally(() => {
        this.#working = undefined;
        this.#plan();
      });
  }

  #archived(): Archived[] {
    return [...this.live.world.sprints.values()].filter(isArchived);
  }

  #dues(): Due[] {
    const { retain } = this.config;
    const times = RETAINED.flatMap((kind) => (retain[kind] === undefined ? [] : [{ kind, ms: retain[kind].ms }]));
    const longest = Math.max(...times.map(({ ms }) => ms));
    return this.#archived().flatMap((state) =>
      times.flatMap(({ kind, ms }) => {
        if (isDropped(state, kind)) return [];
        // An archive says which artefacts go: it goes last.
        const over = state.completedAt + (kind === 'archives' ? longest : ms);
        return [{ state, kind, at: Math.max(over, this.#notBefore.get(state.sprintId) ?? 0) }];
      }),
    );
  }

  async #apply(): Promise<void> {
    for (const { state, kind } of this.#dues().filter(({ at }) => at <= Date.now())) {
      if (this.#stopped) return;
      if ((this.#notBefore.get(state.sprintId) ?? 0) > Date.now()) continue;
      await this.#letGo(state, kind).catch((error: unknown) => this.#later(state.sprintId, error));
    }
  }

  #later(sprintId: SprintId, error: unknown): void {
    this.#notBefore.set(sprintId, Date.now() + AGAIN_MS);
    if (!this.#stopped)
      this.#logger.warn(`Of sprint ${sprintId}, what is kept only for a time was not let go of: ${String(error)}`);
  }

  async #letGo(state: Archived, kind: Retained): Promise<void> {
    const { sprintId } = state;
    const after = this.config.retain[kind]?.text ?? '';
    const bodies = kind === 'archives' ? [] : await this.#bodiesOf(state, kind);
    const what = { kind, after, count: kind === 'archives' ? 1 : bodies.length };
    const issued = { id: `${ACTOR}/${sprintId}/let-go/${kind}`, actor: ACTOR, body: { kind } };
    await this.decisions.make(sprintId, { type: 'let-go', what }, issued);
    const why = `kept for ${after} after the end of sprint ${sprintId}.`;
    if (kind === 'archives') await this.files.drop(state.archive.digest, why);
    await this.#remove(bodies, state, why);
  }

  /** Put here by this sprint or before it, and by nobody since; and no sprint that began before its end refers to it still. */
  async #bodiesOf(state: Archived, kind: BodyKind): Promise<Sha256[]> {
    const found = await this.#referredTo(state, kind);
    const ages = await Promise.all([...found].map(async (sha) => [sha, await this.artifacts.putAt(sha)] as const));
    const own = new Set(ages.filter(([, at]) => at !== undefined && at <= state.completedAt).map(([sha]) => sha));
    for (const other of own.size === 0 ? [] : this.live.world.sprints.values()) {
      if (!mayHold(other) || other.sprintId === state.sprintId || other.requestedAt > state.completedAt) continue;
      if (!isDropped(other, kind)) for (const sha of await this.#referredTo(other, kind)) own.delete(sha);
    }
    return [...own];
  }

  async #referredTo(state: Holder, kind: BodyKind): Promise<ReadonlySet<Sha256>> {
    const found = new Set<Sha256>();
    // Of a sprint whose archive was let go of, nobody can read any more what its tasks referred to.
    const tasks = isDropped(state, 'archives') ? [] : state.taskIds.map(taskStream);
    for (const stream of [sprintStream(state.sprintId), ...tasks])
      for (const event of await this.store.read(stream))
        for (const body of bodiesOf(event)) if (body.kind === kind) found.add(body.sha);
    return found;
  }

  async #remove(bodies: readonly Sha256[], { completedAt }: Archived, why: string): Promise<void> {
    for (const sha of bodies) await this.artifacts.removeOlder(sha, completedAt, why);
  }

  /** What was recorded as gone shortly before a crash, and may still be there. */
  async #finish(): Promise<void> {
    for (const state of this.#archived())
      for (const { kind, at } of state.dropped) {
        if (Date.now() - at > CRASHED_MS) continue;
        const why = `kept for a time after the end of sprint ${state.sprintId}.`;
        if (kind === 'archives') await this.files.drop(state.archive.digest, why);
        else if (!isDropped(state, 'archives')) await this.#remove(await this.#bodiesOf(state, kind), state, why);
      }
  }
}

/** Of a plan that was not approved, nothing is kept here. */
type Holder = Active | Completed;

const mayHold = (state: SprintState): state is Holder => isActive(state) || state.status === 'completed';

const isDropped = (state: Holder, kind: Retained): boolean =>
  state.status === 'completed' && state.dropped.some((one) => one.kind === kind);

const isArchived = (state: SprintState): state is Archived =>
  state.status === 'completed' && state.archive !== undefined;
