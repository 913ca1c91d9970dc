import { describe, expect, it } from '@jest/globals';
import { sanitiseOutput, tailOf } from './sanitise.js';

const clean = (text: string) => sanitiseOutput(Buffer.from(text));

describe('output that is made harmless', () => {
  it.each([
    ['colours', '\x1b[1;31mred\x1b[0m', 'red'],
    ['a cleared screen', 'a\x1b[2J\x1b[Hb', 'ab'],
    ['a title', '\x1b]0;title\x07text', 'text'],
    ['the clipboard', '\x1b]52;c;ZXZpbA==\x1b\\text', 'text'],
    ['a link', '\x1b]8;;http://evil\x1b\\here\x1b]8;;\x1b\\', 'here'],
    ['device control', 'a\x1bPq#0\x1b\\b', 'ab'],
    ['eight-bit sequences', 'a\u009b31mb\u009d0;t\u009cc', 'abc'],
    ['a string without an end, up to its line', 'a\x1b]0;hidden\nshown', 'a\nshown'],
    ['a sequence without an end, up to its line', 'a\x1b[12\nshown', 'a\nshown'],
    ['other escapes', '\x1bc\x1b(Btext', expect.stringContaining('text')],
    ['control characters', 'a\x00\x07\x08\x7f\u0085b', 'ab'],
    ['marks of direction', 'a\u202eb\u2066c\u200fd', 'abcd'],
  ])('loses %s', (_, text, expected) => expect(clean(text)).toEqual(expected));

  it('keeps text, tabs, newlines and letters of all scripts', () =>
    expect(clean('a\tb\nčšž 漢字 😀\n')).toBe('a\tb\nčšž 漢字 😀\n'));

  it('shows of a progress bar what it showed last', () => {
    expect(clean('10%\r50%\r100%\ndone\r\n')).toBe('100%\ndone\n');
  });

  it('survives bytes that are no text', () => expect(sanitiseOutput(Buffer.from([0x61, 0xff, 0x62]))).toBe('a\ufffdb'));

  it('cuts lines without an end', () => expect(clean(`${'x'.repeat(100_000)}\nend`).length).toBeLessThan(2100));

  it('takes time in proportion to its length', () => {
    const began = performance.now();
    clean('\x1b['.repeat(200_000) + '\x1b]'.repeat(200_000) + ' '.repeat(200_000));
    expect(performance.now() - began).toBeLessThan(3_000);
  });
});

describe('the tail of a text', () => {
  it('is the text when that is short', () => expect(tailOf('short', 100)).toBe('short'));
  it('is cut at a line', () => expect(tailOf('first line\nsecond\nthird', 14)).toBe('second\nthird'));
  it('is cut between characters', () => {
    const tail = tailOf('€'.repeat(100), 10);
    expect(tail).toBe('€€€');
  });
  it('of a single long line is its end', () => expect(tailOf('abcdefghij', 4)).toBe('ghij'));
});
