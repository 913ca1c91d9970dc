import { describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { evalBeyondTheLimit } from './script.js';

/** Answers with what it was sent, and refuses what begins as a script does that may go beyond the limit. */
const refusing = (message: string) => {
  const answer = (text: string, ...more: readonly unknown[]) =>
    text.startsWith('#!') ? Promise.reject(new Error(message)) : Promise.resolve([text, ...more]);
  return { eval: answer } as unknown as Pick<Redis, 'eval'>;
};

describe('a script that makes room', () => {
  it('runs within the limit where Redis cannot read that it may go beyond it', async () => {
    const tooOld = refusing(`ERR Error compiling script (new function): user_script:1: unexpected symbol near '#'`);
    expect(await evalBeyondTheLimit(tooOld, 'return 1', ['k'], ['a', 2])).toEqual(['return 1', 1, 'k', 'a', 2]);
  });

  it('is not run again when it was refused for anything else', async () => {
    const readOnly = refusing('READONLY You cannot write against a read only replica.');
    await expect(evalBeyondTheLimit(readOnly, 'return 1', [], [])).rejects.toThrow('READONLY');
  });
});
