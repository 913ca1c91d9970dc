import { createHash } from 'node:crypto';
import { HyperRunError, type RepositoryId, type StreamName } from '#contracts';
import type { Append, EventStore } from './event-store.js';

export const MAX_PARTITIONS = 64;

/** Which partition a repository lies in, with its sprints and their tasks. */
export const partitionOfRepository = (id: string, partitions: number): number =>
  createHash('sha256').update(id).digest().readUInt32BE(0) % partitions;

/** Partition that a stream must be in by its name alone; sprints and tasks lie with their repository. */
const byName = (stream: StreamName, partitions: number): number | undefined => {
  if (stream.startsWith('repository-')) return partitionOfRepository(stream.slice('repository-'.length), partitions);
  return /^(sprint|task)-/.test(stream) ? undefined : 0;
};

/** Where streams are: by their names, by what is written, and else by looking for them. What was found is remembered. */
export class Whereabouts {
  readonly #found = new Map<StreamName, number>();

  /** @param otherwise where new sprints and tasks lie that name no repository */
  constructor(
    private readonly stores: readonly Pick<EventStore, 'head'>[],
    private readonly otherwise: number,
  ) {}

  /** Undefined: there is no such stream. */
  async of(stream: StreamName): Promise<number | undefined> {
    const known = byName(stream, this.stores.length) ?? this.#found.get(stream);
    if (known !== undefined) return known;
    const heads = await Promise.all(this.stores.map((store) => store.head(stream)));
    const partition = heads.findIndex(({ version }) => version > 0);
    if (partition < 0) return undefined;
    this.#found.set(stream, partition);
    return partition;
  }

  /**
   * A new sprint lies where the repository lies that it names; new tasks with what is written together with them.
   * @throws HyperRunError `log.across-partitions`
   */
  async ofAppend({ writes }: Append): Promise<number> {
    const wanted = new Set<number>();
    for (const { stream, events } of writes) {
      const there = (await this.of(stream)) ?? partitionNamed(events[0], this.stores.length);
      if (there !== undefined) wanted.add(there);
    }
    if (wanted.size > 1) throw across(writes.map(({ stream }) => stream));
    return [...wanted][0] ?? this.otherwise;
  }
}

const partitionNamed = (first: Append['writes'][number]['events'][number] | undefined, partitions: number) => {
  const named = (first?.data as { readonly repositoryId?: RepositoryId } | undefined)?.repositoryId;
  return named === undefined ? undefined : partitionOfRepository(named, partitions);
};

const across = (streams: readonly StreamName[]) =>
  new HyperRunError(
    'log.across-partitions',
    `${streams.join(', ')} do not lie in one partition: they cannot be written together.`,
    { streams },
  );

export const partitionsDiffer = (wanted: number, found: number) =>
  new HyperRunError(
    'log.partitions-fixed',
    `The log was begun with ${found} partition${found === 1 ? '' : 's'} and keeps that number: set HYPER_RUN_PARTITIONS=${found}, not ${wanted}.`,
    { wanted, found },
    'operator',
  );
