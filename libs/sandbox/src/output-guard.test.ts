import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { OUTPUT_LIMITS, OutputGuard, type OutputLimits } from './output-guard.js';

const guarded = (limits: Partial<OutputLimits>) => {
  const reasons: string[] = [];
  const guard = new OutputGuard((why) => reasons.push(why), { ...OUTPUT_LIMITS, ...limits });
  let text = '';
  guard.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return { guard, reasons, text: () => text };
};

describe('the output of a program', () => {
  it('is handed on as it is while it keeps to the limits', async () => {
    const { guard, reasons, text } = guarded({ bytes: 9, lines: 3, lineBytes: 3 });
    for (const chunk of ['ab', 'c\nd', 'ef\n\n']) guard.write(chunk);
    await new Promise((resolve) => guard.end(resolve));
    expect({ text: text(), reasons }).toEqual({ text: 'abc\ndef\n\n', reasons: [] });
  });

  it.each([
    ['bytes', { bytes: 9 }, ['0123456789'], 'more than 9 bytes of output'],
    ['lines', { lines: 2 }, ['a\n', 'b\nc\n'], 'more than 2 lines of output'],
    ['a line without end', { lineBytes: 8 }, ['a\nbcde', 'fghij'], 'a line of output longer than 8 bytes'],
  ])('is stopped for too many %s, and no more of it is handed on', async (_, limits, chunks, reason) => {
    const { guard, reasons, text } = guarded(limits);
    for (const chunk of chunks) guard.write(chunk);
    await new Promise((resolve) => guard.end(resolve));
    expect(reasons).toEqual([reason]);
    expect(chunks.join('').startsWith(text())).toBe(true);
    expect(text().length).toBeLessThan(chunks.join('').length);
  });

  it('waits when it comes too fast, and loses nothing', async () => {
    const { guard, reasons, text } = guarded({ linesPerSecond: 1 });
    guard.write('a\nb\n');
    guard.write('c\n');
    const ended = new Promise((resolve) => guard.end(resolve)).then(() => 'ended');
    expect(await Promise.race([ended, delay(50, 'waiting')])).toBe('waiting');
    await ended;
    expect({ text: text(), reasons }).toEqual({ text: 'a\nb\nc\n', reasons: [] });
  });
});
