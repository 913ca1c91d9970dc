import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { Instant, SprintId } from '#contracts';
import { isIntegrating, type Completed, type SprintState } from '#domain';
import type { EventStore, FeedEntry } from '#event-store';
import { CONFIG, type Config } from '../config/config.js';
import { EVENT_STORE } from '../log/log.port.js';
import { LiveWorld } from '../world/live-world.port.js';
import { ArchiveFiles } from './archive-files.port.js';
import { ArchiveSprintCommand, notLetGo } from './archive-sprint.command.js';

const ACTOR = 'orchestrator';
const LONGEST_SLEEP_MS = 3_600_000;
/** What could not be archived is tried again so much later. */
const AGAIN_MS = 600_000;
/** A file that no event names is what somebody left who died before recording it; nobody takes so long to record one. */
const DRAFT_MS = 3_600_000;

const CHANGES: readonly string[] = ['sprint.completed', 'sprint.integrated', 'sprint.integration-failed'];

/** Archives sprints that have rested long enough, one after the other, and finishes what was begun before a crash. */
@Injectable()
export class Archivist implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger(Archivist.name);
  readonly #notBefore = new Map<SprintId, Instant>();
  #timer?: NodeJS.Timeout;
  #working?: Promise<void>;
  #stopped = false;
  #forget?: () => void;

  constructor(
    private readonly live: LiveWorld,
    private readonly commands: CommandBus,
    private readonly files: ArchiveFiles,
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (!this.config.roles.includes('orchestrator')) return;
    await this.live.ready();
    this.#forget = this.live.onChange((batch) => {
      if (batch.some(changesSomething)) this.#plan();
    });
    this.#work(this.#begin());
  }

  async onModuleDestroy(): Promise<void> {
    this.#stopped = true;
    this.#forget?.();
    clearTimeout(this.#timer);
    await this.#working;
  }

  /** What a crash left: archives that were recorded while the log still holds the events, and files that nobody recorded. */
  async #begin(): Promise<void> {
    try {
      const parts = await this.store.archived();
      const digests = new Set([...parts.values()].map(({ digest }) => digest));
      for (const state of this.#completed()) {
        if (state.archive === undefined) continue;
        digests.add(state.archive.digest);
        if (notLetGo(state.sprintId, state.archive, parts).length > 0) await this.#archive(state.sprintId);
        for (const before of state.archive.replaced) await this.files.remove(this.files.pathOf(before));
      }
      for (const { digest, path, age } of await this.files.list())
        if (age > DRAFT_MS && (digest === undefined || !digests.has(digest))) await this.files.remove(path);
      await this.#lookForAll(parts.values());
    } catch (error) {
      if (!this.#stopped) this.#logger.warn(`Archives were not looked after: ${String(error)}`);
    }
  }

  /** That the files are there; what is in them is compared when it is read. */
  async #lookForAll(parts: Iterable<Parameters<ArchiveFiles['require']>[0]>): Promise<void> {
    const seen = new Map([...parts].map((part) => [part.digest, part]));
    for (const part of seen.values()) await this.files.require(part).catch(() => undefined);
  }

  /** Asks when the next one is due. While one is being archived, that is asked afterwards. */
  #plan(): void {
    clearTimeout(this.#timer);
    const { archiveAfter } = this.config;
    if (this.#stopped || archiveAfter === undefined || this.#working !== undefined) return;
    const dues = this.#completed().flatMap((state) => this.#dueAt(state, archiveAfter) ?? []);
    if (dues.length === 0) return;
    const wait = Math.min(...dues) - Date.now();
    const work = () => this.#work(this.#archiveDue(archiveAfter));
    this.#timer = setTimeout(work, Math.min(Math.max(wait, 0), LONGEST_SLEEP_MS));
  }

  #work(work: Promise<void>): void {
    this.#working = work.finally(() => {
      this.#working = undefined;
      this.#plan();
    });
  }

  async #archiveDue(archiveAfter: number): Promise<void> {
    for (const state of this.#completed()) {
      if (this.#stopped) return;
      if ((this.#dueAt(state, archiveAfter) ?? Infinity) <= Date.now()) await this.#archive(state.sprintId);
    }
  }

  async #archive(sprintId: SprintId): Promise<void> {
    try {
      const issued = { id: `${ACTOR}/${sprintId}/archive`, actor: ACTOR, body: { archive: sprintId } };
      const { archive } = await this.commands.execute(new ArchiveSprintCommand(sprintId, issued));
      this.#logger.log(`Sprint ${sprintId} is archived: ${archive.count} events in ${archive.bytes} bytes.`);
    } catch (error) {
      this.#notBefore.set(sprintId, Date.now() + AGAIN_MS);
      if (!this.#stopped) this.#logger.warn(`Sprint ${sprintId} was not archived: ${String(error)}`);
    }
  }

  #completed(): Completed[] {
    return [...this.live.world.sprints.values()].filter(isCompleted);
  }

  /** Undefined: not at all, as it stands. */
  #dueAt({ sprintId, archive, integration, completedAt }: Completed, archiveAfter: number): Instant | undefined {
    if (archive !== undefined || isIntegrating(integration)) return undefined;
    const endedAt = integration === undefined ? completedAt : Math.max(completedAt, integration.settledAt);
    return Math.max(endedAt + archiveAfter, this.#notBefore.get(sprintId) ?? 0);
  }
}

const isCompleted = (state: SprintState): state is Completed => state.status === 'completed';
const changesSomething = ({ event }: FeedEntry): boolean => CHANGES.includes(event.type);
