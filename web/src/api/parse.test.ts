import { describe, expect, it } from '@jest/globals';
import { parse } from './parse.js';

const HOSTILE = [
  '\u001b[31mred\u001b[0m',
  '\u202etxt.exe',
  'bell\u0007',
  'wide\u200bspace',
  '\u{e0041}tag',
  '\u009b31mc1',
];

describe('what the service tells', () => {
  it('has nothing in it that moves, colours, hides or turns round, however deep it stands', () => {
    const told = { title: HOSTILE[0], tasks: HOSTILE.map((text) => ({ text })) };
    expect(parse(JSON.stringify(told))).toEqual({
      title: 'red',
      tasks: ['red', 'txt.exe', 'bell', 'widespace', 'tag', 'c1'].map((text) => ({ text })),
    });
  });

  it('is the same where each of these is escaped', () => {
    const escaped = (text: string) => text.replaceAll(/[^ -~]/gu, (one) => [...Array(one.length).keys()].map((at) => `\\u${one.charCodeAt(at).toString(16).padStart(4, '0')}`).join('')); // prettier-ignore
    for (const text of HOSTILE) expect(parse(`"${escaped(text)}"`)).toBe(parse(JSON.stringify(text)));
  });

  it('is otherwise what it was', () => {
    const told = { text: 'Zeilen\nund\tTabs, „Anführung“, 日本語, 🚀, <b>', count: 3, none: null, list: [true, 1.5] };
    expect(parse(JSON.stringify(told))).toEqual(told);
  });
});
