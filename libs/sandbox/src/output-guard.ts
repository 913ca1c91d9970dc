import { Transform, type TransformCallback } from 'node:stream';

export interface OutputLimits {
  /** In all. */
  readonly bytes: number;
  readonly lines: number;
  /** Of one line: whoever reads lines has to keep one as a whole. */
  readonly lineBytes: number;
  /** What is faster is made to wait. */
  readonly bytesPerSecond: number;
  readonly linesPerSecond: number;
}

export const OUTPUT_LIMITS: OutputLimits = {
  bytes: 256 << 20,
  lines: 2_000_000,
  lineBytes: 16 << 20,
  bytesPerSecond: 16 << 20,
  linesPerSecond: 20_000,
};

const NEWLINE = 0x0a;
const SECOND_MS = 1000;

/** Hands on what a program prints, as fast as it may, and calls `stop` with a sentence when it is too much. */
export class OutputGuard extends Transform {
  #bytes = 0;
  #lines = 0;
  #line = 0;
  #window = { since: performance.now(), bytes: 0, lines: 0 };

  constructor(
    private readonly stop: (why: string) => void,
    private readonly limits: OutputLimits = OUTPUT_LIMITS,
  ) {
    super();
  }

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    const lines = this.#count(chunk);
    const { bytes, lines: most, lineBytes } = this.limits;
    if (this.#bytes > bytes) this.stop(`more than ${bytes} bytes of output`);
    else if (this.#lines > most) this.stop(`more than ${most} lines of output`);
    else if (this.#line > lineBytes) this.stop(`a line of output longer than ${lineBytes} bytes`);
    else this.push(chunk);
    const wait = this.#waitMs(chunk.length, lines);
    if (wait > 0) setTimeout(done, wait);
    else done();
  }

  #count(chunk: Buffer): number {
    let lines = 0;
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      lines += 1;
      from = at + 1;
    }
    this.#bytes += chunk.length;
    this.#lines += lines;
    this.#line = lines > 0 ? chunk.length - from : this.#line + chunk.length;
    return lines;
  }

  #waitMs(bytes: number, lines: number): number {
    const now = performance.now();
    const { bytesPerSecond, linesPerSecond } = this.limits;
    if (now - this.#window.since >= SECOND_MS) this.#window = { since: now, bytes: 0, lines: 0 };
    this.#window.bytes += bytes;
    this.#window.lines += lines;
    const over = this.#window.bytes > bytesPerSecond || this.#window.lines > linesPerSecond;
    return over ? SECOND_MS - (now - this.#window.since) : 0;
  }
}
