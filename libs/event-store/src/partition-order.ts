import { corrupt } from './errors.js';

/** Events that follow each other in their partition and in the order over all. */
export interface Stretch {
  readonly partition: number;
  /** Place of the first of them in the order over all. */
  readonly place: number;
  /** Position of the first of them in its partition. */
  readonly position: number;
  count: number;
}

/**
 * Which event of which partition stands at which place of the one order over all, and the other way round. Held in memory: a
 * stretch per change of partition, not an entry per event.
 */
export class PartitionOrder {
  readonly #stretches: Stretch[] = [];
  readonly #ofPartition: Stretch[][];
  #top = 0;

  constructor(partitions: number) {
    this.#ofPartition = Array.from({ length: partitions }, () => []);
  }

  /** The last place that is known. */
  get top(): number {
    return this.#top;
  }

  /** Position of a partition up to which places are known. */
  reached(partition: number): number {
    const last = this.#ofPartition[partition]?.at(-1);
    return last === undefined ? 0 : last.position + last.count - 1;
  }

  /** As the log keeps it: so many further events of a partition, the last of them at this place. Known ones are skipped. */
  add(place: number, partition: number, count: number): void {
    if (place <= this.#top) return;
    if (place - count !== this.#top) throw corrupt('order', this.#top + 1, 'the place was given to no event.');
    const last = this.#stretches.at(-1);
    if (last?.partition === partition) last.count += count;
    else {
      const stretch = { partition, place: this.#top + 1, position: this.reached(partition) + 1, count };
      this.#stretches.push(stretch);
      this.#ofPartition[partition]?.push(stretch);
    }
    this.#top = place;
  }

  /** Undefined: not known yet. */
  placeOf(partition: number, position: number): number | undefined {
    const stretch = lastBefore(this.#ofPartition[partition] ?? [], (each) => each.position <= position);
    const offset = stretch === undefined ? Infinity : position - stretch.position;
    return stretch === undefined || offset >= stretch.count ? undefined : stretch.place + offset;
  }

  /** Position in a partition up to which its events stand at or before a place. */
  positionAt(partition: number, place: number): number {
    const stretch = lastBefore(this.#ofPartition[partition] ?? [], (each) => each.place <= place);
    return stretch === undefined ? 0 : stretch.position + Math.min(stretch.count, place - stretch.place + 1) - 1;
  }

  /** What stands after a place, in order, at most `limit` events. */
  after(place: number, limit: number): Stretch[] {
    const found: Stretch[] = [];
    let from = place + 1;
    const end = Math.min(this.#top, place + limit);
    for (let index = indexBefore(this.#stretches, (each) => each.place <= from); from <= end; index++) {
      const stretch = this.#stretches[index];
      if (stretch === undefined) break;
      const skipped = from - stretch.place;
      const count = Math.min(stretch.count - skipped, end - from + 1);
      found.push({ partition: stretch.partition, place: from, position: stretch.position + skipped, count });
      from += count;
    }
    return found;
  }
}

const lastBefore = (stretches: readonly Stretch[], isBefore: (stretch: Stretch) => boolean): Stretch | undefined =>
  stretches[indexBefore(stretches, isBefore)];

/** Of the last one for which it holds; it holds for all before that one. */
const indexBefore = (stretches: readonly Stretch[], isBefore: (stretch: Stretch) => boolean): number => {
  let [low, high] = [0, stretches.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const stretch = stretches[middle];
    if (stretch !== undefined && isBefore(stretch)) low = middle + 1;
    else high = middle;
  }
  return low - 1;
};
