/** The newest so many of a sequence that only grows; older ones can be put before it while there is room. */
export class LineRing<Line> {
  readonly #lines: (Line | undefined)[] = [];
  #first = 0;
  #end = 0;

  constructor(readonly capacity: number) {}

  /** Number of the oldest line that is here. Numbers never change; they may be negative. */
  get first(): number {
    return this.#first;
  }

  /** Number of the line that will come next. */
  get end(): number {
    return this.#end;
  }

  get size(): number {
    return this.#end - this.#first;
  }

  at(number: number): Line | undefined {
    return number < this.#first || number >= this.#end ? undefined : this.#lines[this.#slot(number)];
  }

  push(line: Line): void {
    this.#lines[this.#slot(this.#end)] = line;
    this.#end++;
    if (this.size > this.capacity) this.#first++;
  }

  /** Puts older lines, in order, before the oldest; what there is no room for is left out, the oldest first. */
  unshift(lines: readonly Line[]): number {
    const kept = lines.slice(Math.max(0, lines.length - (this.capacity - this.size)));
    for (let index = kept.length - 1; index >= 0; index--) {
      this.#first--;
      this.#lines[this.#slot(this.#first)] = kept[index];
    }
    return kept.length;
  }

  /** Lets go of all lines. Their numbers are not used again. */
  clear(): void {
    this.#lines.length = 0;
    // Room for older lines, whose numbers nobody has seen either.
    this.#first = this.#end = this.#end + this.capacity;
  }

  #slot(number: number): number {
    return ((number % this.capacity) + this.capacity) % this.capacity;
  }
}
