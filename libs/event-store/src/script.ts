import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';

/** A Lua script, and the hash by which Redis knows it once it has run. */
export interface Script {
  readonly sha: string;
  readonly text: string;
}

export const scriptOf = (text: string): Script => ({ sha: createHash('sha1').update(text).digest('hex'), text });

/** The script may use memory beyond `maxmemory`: what makes room must not be refused for want of it. Redis 7.0 or later. */
export const beyondTheLimit = (text: string): string => `#!lua flags=allow-oom\n${text}`;

/** Whether Redis cannot read a script at all, as one before 7.0 what may go beyond the limit. */
export const isUnreadable = (error: unknown): boolean =>
  error instanceof Error && error.message.includes('compiling script');

/** Runs a script beyond the limit; where Redis knows no such thing, within it. */
export const evalBeyondTheLimit = async (
  redis: Pick<Redis, 'eval'>,
  text: string,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<unknown> => {
  const run = (script: string) => redis.eval(script, keys.length, ...keys, ...args);
  try {
    return await run(beyondTheLimit(text));
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return run(text);
  }
};
