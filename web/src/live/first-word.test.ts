import { describe, expect, it } from '@jest/globals';
import { FirstWord } from './first-word.js';

describe('what a page read before its stream said its first word', () => {
  const read = (first: FirstWord, name: string, again: string[]) => first.watch(name, () => again.push(name));

  it('is read again where the stream tells only what came after more than was shown', () => {
    const [first, again] = [new FirstWord(), [] as string[]];
    read(first, 'shows all', again)?.('a.7');
    read(first, 'shows less', again)?.('a.6');
    read(first, 'does not say', again)?.(null);
    expect(again).toEqual([]);
    first.hear('a.7');
    expect(again).toEqual(['shows less', 'does not say']);
    first.hear('a.9');
    expect(again).toHaveLength(2);
  });

  it('is read again as well where its answer came after that word', () => {
    const [first, again] = [new FirstWord(), [] as string[]];
    const [less, all] = [read(first, 'less', again), read(first, 'all', again)];
    first.hear('a.7');
    less?.('a.6');
    all?.('a.7');
    expect(again).toEqual(['less']);
  });

  it('counts as it was read last', () => {
    const [first, again] = [new FirstWord(), [] as string[]];
    read(first, 'twice', again)?.('a.6');
    read(first, 'twice', again)?.('a.7');
    first.hear('a.7');
    expect(again).toEqual([]);
  });

  it('is all there is to watch: the stream tells of what is read from then on', () => {
    const first = new FirstWord();
    first.hear('a.7');
    expect(read(first, 'later', [])).toBeUndefined();
  });
});
