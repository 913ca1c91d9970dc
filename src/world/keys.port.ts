import type { Config } from '../config/config.js';

const DEFAULT_PREFIX = 'hyper:';

/** Keys beside the log that expire: hints about who lives and what moves, never the truth. */
export const hintKey = (config: Pick<Config, 'prefix'>, name: string): string =>
  `${config.prefix ?? DEFAULT_PREFIX}{p0}:${name}`;

/** Lets go of a key, unless it holds another value by now: another process has it. */
export const FREE_OWN = `if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end`;

/** Hash of one agent's status, for tools that read Redis. */
export const statusKey = (config: Pick<Config, 'prefix'>, agentId: string): string =>
  `${config.prefix ?? ''}agent:status:${agentId}`;
