// What the streams tell besides events: the shapes.
import { z } from 'zod';
import { RedisClock } from './clock.schema.js';
import { named, type Told } from './schemas.js';

const cursor = z.string();

export const Hello = named(
  'Hello',
  z.object({
    /** What follows comes after it. */
    cursor,
    oldest: cursor,
    serverTime: z.iso.datetime(),
    /** Absent while Redis has not told its time yet. */
    redisClock: RedisClock.optional(),
  }),
);

export type Hello = Told<typeof Hello>;

export const Reset = named(
  'Reset',
  z.object({
    /** The code of docs/errors.md that says why the cursor cannot be served. */
    reason: z.string(),
    oldest: cursor,
  }),
);
export type Reset = Told<typeof Reset>;
