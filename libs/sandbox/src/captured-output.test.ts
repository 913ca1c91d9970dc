import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { CapturedOutput } from './captured-output.js';

describe('captured output', () => {
  it('is whole while it is short', () => {
    const output = new CapturedOutput(10);
    output.push(Buffer.from('01234'));
    output.push(Buffer.from('56789'));
    expect(output.bytes().toString()).toBe('0123456789');
    expect(output).toMatchObject({ total: 10, truncated: false });
  });

  it('keeps head and tail, whatever the pieces are', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), fc.integer({ min: 2, max: 60 }), (pieces, limit) => {
        const output = new CapturedOutput(limit);
        for (const piece of pieces) output.push(Buffer.from(piece));
        const all = Buffer.concat(pieces);
        const half = Math.floor(limit / 2);
        expect(output.total).toBe(all.length);
        expect(output.truncated).toBe(all.length > 2 * half);
        const gap = Buffer.from(`\n[… ${all.length - 2 * half} bytes left out …]\n`);
        const expected = output.truncated ? Buffer.concat([all.subarray(0, half), gap, all.subarray(-half)]) : all;
        expect(output.bytes().equals(expected)).toBe(true);
      }),
    );
  });
});
