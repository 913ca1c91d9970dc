import { describe, expect, it } from '@jest/globals';
import { clean, oneLine, parseClean, toJson } from './text.js';

describe('text that others wrote', () => {
  it('keeps letters of every script, tabs, lines and emoji', () => {
    const text = 'naïve 星 👩‍🚀\n\tnext';
    expect(clean(text.replace('\u200d', ''))).toBe(text.replace('\u200d', ''));
  });

  it.each([
    ['a colour', 'a\u001b[31mred\u001b[0m', 'ared'],
    ['a title', 'a\u001b]0;owned\u0007b', 'ab'],
    ['a link', '\u001b]8;;http://evil\u001b\\text\u001b]8;;\u001b\\', 'text'],
    ['a cleared screen, eight bits', 'a\u009b2Jb', 'ab'],
    ['a device string', 'a\u001bPq#0;2;0\u001b\\b', 'ab'],
    ['a carriage return', 'good\rbad', 'goodbad'],
    ['backspaces', 'ab\b\bc', 'abc'],
    ['reordering', 'user\u202e nimda\u2066', 'user nimda'],
    ['invisible tags', 'a\u{e0041}\u{e0042}b', 'ab'],
    ['a lone escape at the end', 'a\u001b', 'a'],
    ['an escape inside an escape', 'a\u001b\u001b[31m[31mb', 'a[31mb'],
  ])('loses %s', (_what, text, expected) => {
    expect(clean(text)).toBe(expected);
    expect(clean(clean(text))).toBe(clean(text));
  });

  it('fits on one line', () => {
    expect(oneLine('one\n  two\tthree', 9)).toBe('one two …');
  });

  it('is cleaned deep inside JSON, names of fields too', () => {
    expect(parseClean('{"a\\u001b[2J":[{"b":"x\\u0007y"}],"n":1,"z":null}')).toEqual({
      a: [{ b: 'xy' }],
      n: 1,
      z: null,
    });
  });

  it('stays what it is in JSON for programs, and yet harmless', () => {
    const value = { text: 'a\u009b2J\u202eb\u{e0041}\n' };
    const json = toJson(value);
    expect(JSON.parse(json)).toEqual(value);
    expect(clean(json)).toBe(json);
  });
});
