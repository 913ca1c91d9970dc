import type { Position } from '#contracts';
import type { TakenOut } from '#domain';
import type { FeedEntry } from '#event-store';
import { FanOut } from './fan-out.js';
import { controlFrame, messageFrame } from './frame.js';
import type { Shown, Wire } from './sse-connection.js';

/** Something as it is now, whole. */
export interface Entity {
  readonly kind: string;
  readonly id: string;
  /** Position of the newest event that may have changed it. */
  readonly revision: number;
  /** As it looks from outside. */
  readonly view: () => object;
}

/** A fold of the log into entities. */
export interface Projection {
  /** Told of every batch, after the world has folded it. */
  fold(batch: readonly FeedEntry[]): void;
  /** Told that texts were taken out of a stream, after everything of it up to now was told; only where it keeps any itself. */
  forgetTexts?(takenOut: TakenOut, position: Position): void;
  entities(): readonly Entity[];
}

/** Which entities a client wants to see. Nothing named: all. */
export interface ProjectionFilter {
  readonly kinds: readonly string[];
  readonly ids: readonly string[];
}

interface Upsert {
  readonly kind: string;
  readonly id: string;
  readonly revision: number;
  readonly cursor: string;
  readonly view: string;
  readonly json: string;
  readonly bytes: Buffer;
}

interface Changes {
  readonly bytes: Buffer;
  /** Revision of the last of them. */
  readonly told: number;
}

/** So that an entity that changes all the time is told some times a second, not at every event. */
const GATHER_MS = 40;

/** What a topic needs to know of the log. */
export interface Place {
  position(): number;
  cursorOf(position: number): string;
}

/**
 * Entities, and all clients to whom they are shown. An entity is rendered once per pass, for all. What a client has missed
 * is what changed since its cursor, each entity once and as it is now; so a slow client costs nothing but its cursor.
 */
export class ProjectionTopic {
  readonly #fanOut = new FanOut(() => this.#pass(), GATHER_MS);
  readonly #clients = new Set<ProjectionClient>();
  /** The revision that each entity had when it was rendered last, also where it then looked the same. */
  readonly #looked = new Map<string, number>();
  /** In the order of their revisions. */
  readonly #upserts = new Map<string, Upsert>();
  readonly #prepared = new Map<string, Changes>();
  #position = 0;

  constructor(
    private readonly projection: Projection,
    private readonly place: Place,
  ) {}

  get position(): Position {
    return this.#position as Position;
  }

  get size(): number {
    return this.#clients.size;
  }

  take(batch: readonly FeedEntry[]): void {
    this.projection.fold(batch);
    this.#fanOut.ask();
  }

  forgetTexts(takenOut: TakenOut, position: Position): void {
    this.projection.forgetTexts?.(takenOut, position);
    this.#fanOut.ask();
  }

  stop(): void {
    this.#fanOut.stop();
  }

  /** All there is, at the position of the topic. */
  snapshot(filter: ProjectionFilter): string {
    const cursor = this.cursorOf(this.position);
    const entities = [...this.#upserts.values()].filter((one) => shows(filter, one)).map(({ json }) => json);
    return controlFrame('snapshot', cursor, `{"cursor":${JSON.stringify(cursor)},"entities":[${entities.join(',')}]}`);
  }

  /** From now on the client is told what changes after a position of the log. */
  join(wire: Wire, filter: ProjectionFilter, after: Position): ProjectionClient {
    const client = new ProjectionClient(wire, filter, this, after);
    this.#clients.add(client);
    return client;
  }

  leave(client: ProjectionClient): void {
    this.#clients.delete(client);
  }

  since(position: number, filter: ProjectionFilter): Changes {
    const key = JSON.stringify([position, filter.kinds, filter.ids]);
    const known = this.#prepared.get(key);
    if (known !== undefined) return known;
    const missed = [...this.#upserts.values()].filter((one) => one.revision > position && shows(filter, one));
    const changes = {
      bytes: Buffer.concat(missed.map(({ bytes }) => bytes)),
      told: missed.at(-1)?.revision ?? position,
    };
    this.#prepared.set(key, changes);
    return changes;
  }

  cursorOf(position: Position): string {
    return this.place.cursorOf(position);
  }

  #pass(): void {
    this.look();
    for (const client of this.#clients) client.catchUp();
  }

  /** Brings it to the present: renders what has changed. */
  look(): void {
    this.#prepared.clear();
    this.#position = this.place.position();
    const changed = this.projection
      .entities()
      .filter((entity) => this.#looked.get(keyOf(entity)) !== entity.revision)
      .toSorted((a, b) => a.revision - b.revision)
      .map((entity) => ({ entity, view: JSON.stringify(entity.view()) }));
    for (const { entity } of changed) this.#looked.set(keyOf(entity), entity.revision);
    const different = changed.filter(({ entity, view }) => this.#upserts.get(keyOf(entity))?.view !== view);
    for (const [index, { entity, view }] of different.entries()) {
      const isLast = different[index + 1]?.entity.revision !== entity.revision;
      this.#put(entity, view, isLast ? entity.revision : entity.revision - 1);
    }
  }

  /** @param cursor everything that changed up to it stands before this entity, or is this entity */
  #put({ kind, id, revision }: Entity, view: string, cursor: number): void {
    const key = keyOf({ kind, id });
    const at = this.cursorOf(cursor as Position);
    const head = JSON.stringify({ kind, id, revision, cursor: at }).slice(0, -1);
    const json = `${head},"entity":${view}}`;
    this.#upserts.delete(key);
    this.#upserts.set(key, { kind, id, revision, cursor: at, view, json, bytes: Buffer.from(messageFrame(at, json)) });
  }
}

/** One reader of a topic. Everything that changed up to its cursor was written, or superseded by what was. */
export class ProjectionClient implements Shown {
  #cursor: Position;
  #told: number;

  constructor(
    private readonly wire: Wire,
    private readonly filter: ProjectionFilter,
    private readonly topic: ProjectionTopic,
    after: Position,
  ) {
    this.#cursor = after;
    this.#told = after;
  }

  catchUp(): void {
    if (!this.wire.isReady || this.#cursor >= this.topic.position) return;
    const { bytes, told } = this.topic.since(this.#cursor, this.filter);
    if (bytes.length > 0) {
      this.wire.write(bytes);
      this.#told = told;
    }
    this.#cursor = this.topic.position;
  }

  moved(): string | undefined {
    if (this.#cursor <= this.#told) return undefined;
    this.#told = this.#cursor;
    return this.topic.cursorOf(this.#cursor);
  }
}

const keyOf = ({ kind, id }: Pick<Entity, 'kind' | 'id'>) => `${kind}/${id}`;

const shows = (filter: ProjectionFilter, { kind, id }: Pick<Entity, 'kind' | 'id'>): boolean =>
  (filter.kinds.length === 0 || filter.kinds.includes(kind)) && (filter.ids.length === 0 || filter.ids.includes(id));
