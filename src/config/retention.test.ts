import { describe, expect, it } from '@jest/globals';
import { durationMs } from './duration.js';
import { parseRetention } from './retention.js';

describe('a length of time', () => {
  it.each([
    ['90s', 90_000],
    ['30m', 1_800_000],
    ['12h', 43_200_000],
    ['7d', 604_800_000],
    ['0s', 0],
    ['never', undefined],
  ])('%s is %s ms', (text, ms) => expect(durationMs(text)).toBe(ms));

  it.each(['', '7', 'd', '7 d', '-1d', '1w', 'Never'])('is not guessed from "%s"', (text) =>
    expect(durationMs(text)).toBeNaN(),
  );
});

describe('what is kept only for a time', () => {
  it('is told kind by kind; what is not named is kept', () => {
    expect(parseRetention('outputs=30d, archives=365d')).toEqual({
      outputs: { ms: 2_592_000_000, text: '30d' },
      archives: { ms: 31_536_000_000, text: '365d' },
    });
  });

  it.each(['', 'outputs', 'heads=1d', 'outputs=never', 'outputs=1d,', '30d'])('is not guessed from "%s"', (text) =>
    expect(parseRetention(text)).toBeUndefined(),
  );
});
