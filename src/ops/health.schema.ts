import { z } from 'zod';
import { Isolation, SprintId } from '#contracts';
import { RedisClock } from '../http/clock.schema.js';
import { named } from '../http/schemas.js';

export const Live = named('Live', z.object({ status: z.literal('live') }));
export const Ready = named(
  'Ready',
  z.object({
    status: z.literal('ready'),
    durability: z.string(),
    isolation: Isolation,
    redis: z.object({ version: z.string(), address: z.string(), weaknesses: z.array(z.string()) }),
    /** Archives that are missing or damaged, as far as somebody looked: their sprints cannot be read whole. */
    archives: z.array(
      z.object({ sprintId: SprintId.optional(), digest: z.string(), code: z.string(), text: z.string() }),
    ),
    incarnation: z.string(),
    position: z.number().int(),
    cursor: z.string(),
    roles: z.array(z.string()),
    pid: z.number().int(),
    serverTime: z.iso.datetime(),
  }),
);
export const Clock = named('Clock', z.object({ serverTime: z.iso.datetime(), redisClock: RedisClock }));
