import { z } from 'zod';
import { Isolation } from '#contracts';
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
    incarnation: z.string(),
    position: z.number().int(),
    cursor: z.string(),
    roles: z.array(z.string()),
    pid: z.number().int(),
    serverTime: z.iso.datetime(),
  }),
);
export const Clock = named('Clock', z.object({ serverTime: z.iso.datetime(), redisClock: RedisClock }));
