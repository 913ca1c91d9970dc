import { z } from 'zod';
import { named } from './schemas.js';

export const RedisClock = named(
  'RedisClock',
  z.object({
    /** Milliseconds that the clock of Redis is ahead of `serverTime`. */
    offsetMs: z.number(),
    /** The true offset lies within this of it. */
    uncertaintyMs: z.number(),
    /** By the clock of the service. */
    measuredAt: z.iso.datetime(),
  }),
);
