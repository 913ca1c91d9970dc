import { describe, expect, it } from '@jest/globals';
import { eventText, maskSecrets } from './masking.js';

const filler = 'A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8';

describe('masking', () => {
  it.each([
    ['GitHub', `ghp_${filler}`],
    ['AWS', `AKIA${filler.toUpperCase().slice(0, 16)}`],
    ['a model provider', `sk-proj-${filler}`],
    ['Slack', `xoxb-${filler}`],
    ['npm', `npm_${filler}`],
  ])('hides the keys of %s', (_, key) => expect(maskSecrets(`key ${key} used`)).toBe('key [masked] used'));

  it('hides known values, whatever they look like, and the longest first', () => {
    expect(maskSecrets('a hunter2 b hunter2-long', ['hunter2', 'hunter2-long'])).toBe('a [masked] b [masked]');
  });

  it.each([
    ['an address', encodeURIComponent],
    [
      'an address in lower case',
      (value: string) => encodeURIComponent(value).replaceAll(/%../g, (code) => code.toLowerCase()),
    ],
    ['JSON', (value: string) => JSON.stringify(value)],
    ['base64', (value: string) => Buffer.from(value).toString('base64')],
    ['base64 for addresses', (value: string) => Buffer.from(value).toString('base64url')],
    ['the name and password of HTTP', (value: string) => Buffer.from(`me:${value}`).toString('base64')],
    ['base64 of a longer text', (value: string) => Buffer.from(`{"key":"${value}","n":1}`).toString('base64')],
  ])('hides a known value in %s', (_, encode) => {
    const value = 'c0rrect "horse"/b+ttery?';
    const encoded = encode(value);
    const masked = maskSecrets(`see ${encoded} here`, [value]);
    expect(masked).toMatch(/^see .{0,22}\[masked\].{0,15} here$/);
    expect(maskSecrets(`see ${encoded} here`, ['c0rrect "horse"/b+ttery!'])).toBe(`see ${encoded} here`);
  });

  it('hides private keys, bearer tokens, passwords in addresses and in settings', () => {
    expect(maskSecrets('-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\nafter')).toBe(
      '[masked]\nafter',
    );
    expect(maskSecrets('Authorization: Bearer abcdefghijklmnop')).toBe('Authorization: Bearer [masked]');
    expect(maskSecrets('redis://user:pa55word@host/0')).toBe('redis://user:[masked]@host/0');
    expect(maskSecrets('DB_PASSWORD=correct-horse')).toBe('DB_PASSWORD=[masked]');
  });

  it('leaves ordinary text alone', () => {
    const text =
      'The token bucket of src/limit.ts:12 holds 5; see https://example.com/a@b and task-sk-1. password: yes';
    expect(maskSecrets(text, ['x'])).toBe(text);
  });

  it('removes terminal sequences and control characters', () => {
    expect(eventText('\u001b[31mred\u001b[0m\u0007 \u202eok\n\tend\u001b]0;title\u0007')).toBe('red ok\n\tend');
  });

  it('takes linear time on hostile text', () => {
    const before = process.cpuUsage();
    for (const part of ['-----BEGIN PRIVATE KEY-----', 'password', 'a://', 'eyJ.', 'sk-', '\u001b]', 'Bearer  '])
      eventText(part.repeat(200_000 / part.length));
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(5000);
  });
});
