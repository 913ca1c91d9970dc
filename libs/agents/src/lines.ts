// What a program prints, line by line. Hostile bytes: no line and no sum of lines is without a limit.
import type { Readable } from 'node:stream';
import { HyperRunError } from '#contracts';

export interface LineLimits {
  /** A longer line is cut here; what follows until its end is dropped. */
  readonly line: number;
  /** All lines together. */
  readonly total: number;
}

export const LINE_LIMITS: LineLimits = { line: 8 << 20, total: 64 << 20 };

export interface Line {
  readonly text: string;
  readonly cut: boolean;
}

const NEWLINE = 10;

/**
 * The lines of a stream as they come, without their ends; read no faster than they are taken.
 * @throws HyperRunError agent.flooded: more than the limit in all
 */
export async function* linesOf(stream: Readable, limits: LineLimits = LINE_LIMITS): AsyncGenerator<Line, void> {
  let parts: Buffer[] = [];
  let held = 0;
  let cut = false;
  let total = 0;
  const take = (bytes: Buffer) => {
    const room = limits.line - held;
    if (bytes.length > room) cut = true;
    const kept = bytes.subarray(0, Math.max(0, room));
    parts.push(kept);
    held += kept.length;
  };
  const line = (): Line => {
    const whole = { text: Buffer.concat(parts).toString('utf8').replace(/\r$/, ''), cut };
    parts = [];
    held = 0;
    cut = false;
    return whole;
  };
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    total += chunk.length;
    if (total > limits.total) throw flooded(limits.total);
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      take(chunk.subarray(from, at));
      from = at + 1;
      yield line();
    }
    take(chunk.subarray(from));
  }
  if (held > 0) yield line();
}

const flooded = (most: number) =>
  new HyperRunError('agent.flooded', `It printed more than ${most >> 20} MiB, which nobody can want to read.`, {
    most,
  });
