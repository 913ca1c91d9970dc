import { describe, expect, it } from '@jest/globals';
import type { AnyEvent, Sha256 } from '#contracts';
import { event } from './decider.js';
import { writtenIn } from './written.js';

const observed = { origin: 'observed' } as const;
const wrote = (path: string, content: string, attempt = 1): AnyEvent =>
  event('action.file-written', { ...observed, attempt, path, bytes: 1, content: content.repeat(64) as Sha256 });
const deleted = (path: string, attempt = 1): AnyEvent => event('action.file-deleted', { ...observed, attempt, path });

describe('what an attempt has written', () => {
  it('is the last word about each file', () => {
    const told = [wrote('docs/a.md', 'a'), wrote('docs/b.md', 'b'), wrote('docs/a.md', 'c'), deleted('docs/b.md')];
    expect(writtenIn(told, 1)).toEqual([{ path: 'docs/a.md', content: 'c'.repeat(64) }, { path: 'docs/b.md' }]);
  });

  it('is nothing of another attempt', () => {
    expect(writtenIn([wrote('docs/a.md', 'a', 1), deleted('docs/b.md', 2)], 2)).toEqual([{ path: 'docs/b.md' }]);
    expect(writtenIn([wrote('docs/a.md', 'a', 1)], 2)).toEqual([]);
  });
});
