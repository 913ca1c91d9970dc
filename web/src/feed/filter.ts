import type { FeedLine } from '../live/feed.js';
import type { LineRing } from '../live/line-ring.js';

export interface FeedFilter {
  /** Kinds of events: the first word of their type. None: all. */
  readonly kinds: ReadonlySet<string>;
  readonly agent: string;
  readonly sprint: string;
  readonly text: string;
}

export const NO_FILTER: FeedFilter = { kinds: new Set(), agent: '', sprint: '', text: '' };

/** What a kind covers, and what it is called. */
export const KINDS: readonly { readonly kind: string; readonly name: string }[] = [
  { kind: 'action', name: 'actions' },
  { kind: 'task', name: 'tasks' },
  { kind: 'sprint', name: 'sprints' },
  { kind: 'agent', name: 'agents' },
  { kind: 'alert', name: 'alerts' },
  { kind: 'repository', name: 'repositories' },
];

export const isOpenFilter = ({ kinds, agent, sprint, text }: FeedFilter): boolean =>
  kinds.size === 0 && agent === '' && sprint === '' && text === '';

const kindOf = (type: string) => type.slice(0, type.indexOf('.'));

export const passes = (filter: FeedFilter, line: FeedLine): boolean =>
  (filter.kinds.size === 0 || filter.kinds.has(kindOf(line.type))) &&
  (filter.agent === '' || line.agentId === filter.agent) &&
  (filter.sprint === '' || line.sprintId === filter.sprint) &&
  (filter.text === '' || holds(line, filter.text.toLowerCase()));

const holds = (line: FeedLine, text: string): boolean =>
  line.text.toLowerCase().includes(text) ||
  line.type.includes(text) ||
  line.taskId?.includes(text) === true ||
  line.agentId?.includes(text) === true;

const DROPPED_AT_ONCE = 10_000;

/**
 * Numbers of the lines of a ring that pass a filter, kept up as the ring grows at either end: only what is new is looked at.
 */
export class FilteredLines {
  #numbers: number[] = [];
  #dropped = 0;
  #shift = 0;
  #from: number;
  #to: number;

  constructor(
    readonly ring: LineRing<FeedLine>,
    readonly filter: FeedFilter,
  ) {
    this.#from = this.#to = ring.first;
    this.update();
  }

  get size(): number {
    return isOpenFilter(this.filter) ? this.ring.size : this.#numbers.length - this.#dropped;
  }

  /** The line at a place of the filtered list, 0 the oldest. */
  at(index: number): FeedLine | undefined {
    return this.ring.at(this.numberAt(index));
  }

  numberAt(index: number): number {
    return isOpenFilter(this.filter) ? this.ring.first + index : (this.#numbers[this.#dropped + index] ?? Number.NaN);
  }

  /** Where a line stands; −1 where it is filtered out. */
  indexOf(number: number): number {
    if (isOpenFilter(this.filter)) return this.ring.at(number) === undefined ? -1 : number - this.ring.first;
    let low = this.#dropped;
    let high = this.#numbers.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const found = this.#numbers[middle] ?? 0;
      if (found === number) return middle - this.#dropped;
      if (found < number) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  /** Grows with each line that is put before those that were here, and shrinks with each that leaves there. */
  get shift(): number {
    return isOpenFilter(this.filter) ? -this.ring.first : this.#shift;
  }

  update(): void {
    const { ring } = this;
    if (isOpenFilter(this.filter)) return;
    if (ring.first > this.#to) {
      this.#numbers = [];
      this.#dropped = 0;
      this.#from = this.#to = ring.first;
    }
    if (ring.first < this.#from) this.#putBefore(this.#matching(ring.first, this.#from));
    this.#from = ring.first;
    this.#numbers.push(...this.#matching(this.#to, ring.end));
    this.#to = ring.end;
    this.#drop();
  }

  #putBefore(older: number[]): void {
    this.#numbers = older.concat(this.#numbers.slice(this.#dropped));
    this.#dropped = 0;
    this.#shift += older.length;
  }

  #drop(): void {
    const before = this.#dropped;
    while (this.#dropped < this.#numbers.length && (this.#numbers[this.#dropped] ?? 0) < this.ring.first)
      this.#dropped++;
    this.#shift -= this.#dropped - before;
    if (this.#dropped <= DROPPED_AT_ONCE) return;
    this.#numbers = this.#numbers.slice(this.#dropped);
    this.#dropped = 0;
  }

  #matching(from: number, to: number): number[] {
    const found: number[] = [];
    for (let number = from; number < to; number++) {
      const line = this.ring.at(number);
      if (line !== undefined && passes(this.filter, line)) found.push(number);
    }
    return found;
  }
}
