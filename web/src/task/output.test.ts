import { describe, expect, it } from '@jest/globals';
import { tellingPart } from './output.js';

const many = (count: number) => Array.from({ length: count }, (_, index) => `line ${index}`).join('\n');

describe('the part of an output that tells why', () => {
  it.each([
    ['node:test', 'TAP version 13\nok 1 - a\nnot ok 2 - the glossary\n  ---\n# fail 1', 'not ok 2 - the glossary'],
    ['jest', 'PASS a.test.js\n  ● sums › adds\n    expect(1).toBe(2)', '  ● sums › adds'],
    ['pytest', 'test_a.py F\nE   assert 1 == 2', 'E   assert 1 == 2'],
    ['rustc', 'Compiling a\nerror[E0308]: mismatched types', 'error[E0308]: mismatched types'],
    ['node', 'running\nTypeError: x is not a function\n  at a.js', 'TypeError: x is not a function'],
  ])('begins for %s where it goes wrong', (_, tail, begin) => {
    const { text, telling } = tellingPart(tail);
    expect([text.split('\n')[0], telling]).toEqual([begin, true]);
  });
  it('is the end where nothing stands out', () => {
    const { text, telling } = tellingPart(`${many(100)}\n`);
    expect([text.split('\n').at(-1), telling]).toEqual(['line 99', false]);
  });
  it('is short, and holds no colours', () => {
    const { text } = tellingPart(`\u001b[31mError: no\u001b[0m\n${many(100)}`);
    expect(text.split('\n')).toHaveLength(14);
    expect(text.startsWith('Error: no\nline 0')).toBe(true);
  });
});
