/** Keeps the head and the tail of a stream of bytes of any length in bounded memory. */
export class CapturedOutput {
  readonly #head: Buffer[] = [];
  readonly #tail: Buffer[] = [];
  #headBytes = 0;
  #tailBytes = 0;
  #total = 0;
  readonly #half: number;

  constructor(limitBytes: number) {
    this.#half = Math.max(1, Math.floor(limitBytes / 2));
  }

  get total(): number {
    return this.#total;
  }

  get truncated(): boolean {
    return this.#total > this.#headBytes + Math.min(this.#tailBytes, this.#half);
  }

  push(chunk: Buffer): void {
    this.#total += chunk.length;
    const room = this.#half - this.#headBytes;
    if (room > 0) {
      this.#head.push(chunk.subarray(0, room));
      this.#headBytes += Math.min(room, chunk.length);
    }
    if (chunk.length > room) this.#pushTail(chunk.subarray(Math.max(0, room)));
  }

  /** What was kept; where something is missing, one line says how much. */
  bytes(): Buffer {
    const tail = Buffer.concat(this.#tail);
    const kept = tail.subarray(Math.max(0, tail.length - this.#half));
    const missing = this.#total - this.#headBytes - kept.length;
    const gap = missing > 0 ? [Buffer.from(`\n[… ${missing} bytes left out …]\n`)] : [];
    return Buffer.concat([...this.#head, ...gap, kept]);
  }

  #pushTail(chunk: Buffer): void {
    this.#tail.push(Buffer.from(chunk.subarray(Math.max(0, chunk.length - this.#half))));
    this.#tailBytes += this.#tail.at(-1)?.length ?? 0;
    while (this.#tailBytes - (this.#tail[0]?.length ?? 0) >= this.#half)
      this.#tailBytes -= this.#tail.shift()?.length ?? 0;
  }
}
