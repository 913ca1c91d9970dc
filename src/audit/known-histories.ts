import { Inject, Injectable } from '@nestjs/common';
import {
  HyperRunError,
  sprintStream,
  taskStream,
  type Position,
  type Recorded,
  type SprintId,
  type StreamName,
  type Version,
} from '#contracts';
import { isActive, sprint } from '#domain';
import type { EventStore } from '#event-store';
import { EVENT_STORE } from '../log/log.port.js';
import { foldUntil } from '../world/decisions.port.js';

interface Known {
  /** All events of the sprint and its tasks up to a position of the log, in order. */
  readonly events: Recorded[];
  readonly versions: Map<StreamName, Version>;
}

/** So many sprints are remembered, and so many events of them together. */
const SPRINTS = 8;
const EVENTS = 200_000;

/**
 * Histories that are being read page by page: what was read once is not read again for the next page, for a log only
 * grows. The order of what has been handed out never changes.
 */
@Injectable()
export class KnownHistories {
  readonly #known = new Map<SprintId, Known>();
  readonly #reading = new Map<SprintId, Promise<readonly Recorded[]>>();

  constructor(@Inject(EVENT_STORE) private readonly store: EventStore) {}

  /** All events of a sprint and its tasks, in the order in which they happened. @throws HyperRunError `sprint.unknown` */
  read(sprintId: SprintId): Promise<readonly Recorded[]> {
    const before = this.#reading.get(sprintId)?.catch(() => undefined);
    const reading = Promise.resolve(before).then(() => this.#read(sprintId));
    this.#reading.set(sprintId, reading);
    const forget = () => void (this.#reading.get(sprintId) === reading && this.#reading.delete(sprintId));
    void reading.catch(() => undefined).finally(forget);
    return reading;
  }

  async #read(sprintId: SprintId): Promise<readonly Recorded[]> {
    const known: Known = this.#known.get(sprintId) ?? { events: [], versions: new Map() };
    const own = sprintStream(sprintId);
    // What is written while the streams are read one after the other is left for the next time, or it would stand in front
    // of what was handed out.
    const top = await this.store.top();
    const news = await this.#since(known, own, top);
    const story = [...known.events.filter(({ stream }) => stream === own), ...news];
    if (story.length === 0) throw new HyperRunError('sprint.unknown', `There is no plan and no sprint "${sprintId}".`);
    const state = foldUntil(sprint, story);
    const tasks = isActive(state) || state.status === 'completed' ? [...state.taskIds, ...state.declined] : [];
    for (const taskId of tasks) news.push(...(await this.#since(known, taskStream(taskId), top)));
    if (known.events.length > 0 && news.some(({ type }) => type === 'event.redacted')) {
      this.#known.delete(sprintId);
      return this.#read(sprintId);
    }
    for (const { stream, version } of news) known.versions.set(stream, version);
    known.events.push(...news.toSorted((a, b) => a.position - b.position));
    this.#remember(sprintId, known);
    return known.events;
  }

  async #since({ versions }: Known, stream: StreamName, top: Position): Promise<Recorded[]> {
    const events = await this.store.read(stream, ((versions.get(stream) ?? 0) + 1) as Version);
    return events.filter(({ position }) => position <= top);
  }

  /** The one that was read last stays longest. */
  #remember(sprintId: SprintId, known: Known): void {
    this.#known.delete(sprintId);
    this.#known.set(sprintId, known);
    for (const [oldest] of this.#known) {
      if (oldest === sprintId || !this.#isFull()) return;
      this.#known.delete(oldest);
    }
  }

  #isFull(): boolean {
    const events = [...this.#known.values()].reduce((sum, each) => sum + each.events.length, 0);
    return this.#known.size > SPRINTS || events > EVENTS;
  }
}
