import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { HyperRunError, type Position } from '#contracts';
import { formatCursor } from './cursor.js';
import type { Keys } from './keys.js';
import { ask } from './redis-log.js';

/** How far a log has got: which life of it, and the position of an event that was acknowledged in that life. */
export interface LogMark {
  readonly incarnation: string;
  readonly position: Position;
}

/** Moves the log to a new life and keeps the word for it, unless somebody else has just done so. */
const RENEW = `if (redis.call('HGET', KEYS[1], 'incarnation') or '') == ARGV[1] then
  redis.call('HSET', KEYS[1], 'incarnation', ARGV[2], 'accepted', ARGV[3])
  for i = 2, #KEYS do redis.call('DEL', KEYS[i]) end
end`;

/** @param keys that of `meta`, and of what is made anew in a new life */
export const renew = async (
  redis: Redis,
  keys: readonly string[],
  incarnation: string | undefined,
  word: string,
): Promise<void> => {
  await ask(redis.eval(RENEW, keys.length, ...keys, incarnation ?? '', newIncarnation(), word));
};

const newIncarnation = (): string => randomBytes(5).toString('hex');

export const markIn = async (redis: Redis, keys: Keys): Promise<LogMark | undefined> => {
  const [incarnation, position] = await ask(redis.hmget(keys.meta, 'incarnation', 'position'));
  if (incarnation === undefined || incarnation === null) return undefined;
  return { incarnation, position: Number(position ?? 0) as Position };
};

/** Whether a log is at least where it is known to have been. */
export const holds = (found: LogMark | undefined, known: LogMark): boolean =>
  found?.incarnation === known.incarnation && found.position >= known.position;

/**
 * The life in which the log is to go on. One that is behind what is known of it goes on only with the operator's word,
 * and always in a new life: what was told of the lost events must not be taken for what follows. A word names what is known
 * and what was found, so that it serves for one loss and for no later one.
 * @throws HyperRunError `log.rewound`
 */
export const liveIncarnation = async (
  redis: Redis,
  keys: Keys,
  known: LogMark | undefined,
  accepted: string | undefined,
): Promise<string> => {
  const found = await markIn(redis, keys);
  if (known !== undefined && !holds(found, known) && !(await isCarriedOut(redis, keys, known, accepted))) {
    const word = wordFor(known, found);
    if (accepted !== word) throw rewound(known, found);
    await renew(redis, [keys.meta], found?.incarnation, word);
  }
  await ask(redis.hsetnx(keys.meta, 'incarnation', newIncarnation()));
  return (await ask(redis.hget(keys.meta, 'incarnation'))) ?? '';
};

const cursorOf = ({ incarnation, position }: LogMark): string => formatCursor(incarnation, position);

export const wordFor = (known: LogMark, found: LogMark | undefined): string =>
  `${cursorOf(known)}-${found?.position ?? 0}`;

/** Whether another process of the service was quicker with a word about the same loss. */
const isCarriedOut = async (redis: Redis, keys: Keys, known: LogMark, accepted = ''): Promise<boolean> =>
  accepted.startsWith(`${cursorOf(known)}-`) && (await ask(redis.hget(keys.meta, 'accepted'))) === accepted;

/** The log lost events that were acknowledged: by name, with where it stands and the ways out. */
export const rewound = (known: LogMark, found: LogMark | undefined): HyperRunError => {
  const at = (mark: LogMark) => `position ${mark.position} of ${mark.incarnation}`;
  const accept = wordFor(known, found);
  return new HyperRunError(
    'log.rewound',
    `The log was at ${at(known)} and ${found === undefined ? 'there is none now' : `is at ${at(found)} now`}: ` +
      'acknowledged events are gone. Give Redis its newest copy back; or go on without them, in a new life of the log: ' +
      `start with HYPER_RUN_ACCEPT_LOG=${accept}.`,
    { known, ...(found === undefined ? {} : { found }), accept },
    'operator',
  );
};
