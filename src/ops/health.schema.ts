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
    lossWindow: z.string(),
    /** What is kept of the log to be shown: how far it has got, and the events that it goes on without. */
    projections: z.object({
      position: z.number().int(),
      lag: z.number().int(),
      parkedEvents: z.number().int(),
      parked: z.array(
        z.object({
          projection: z.string(),
          position: z.number().int(),
          stream: z.string(),
          version: z.number().int(),
          /** Absent where it cannot be read: then the error says what stands there. */
          type: z.string().optional(),
          error: z.string(),
        }),
      ),
    }),
    memory: z.object({
      usedBytes: z.number().int(),
      limitBytes: z.number().int(),
      percent: z.number(),
      newSprintsUntil: z.number().int(),
      takesNewSprints: z.boolean(),
      /** Whose Redis is the fullest. */
      partition: z.number().int().optional(),
    }),
    isolation: Isolation,
    redis: z.object({ version: z.string(), address: z.string(), weaknesses: z.array(z.string()) }),
    /** Archives that are missing or damaged, as far as somebody looked: their sprints cannot be read whole. */
    archives: z.array(
      z.object({ sprintId: SprintId.optional(), digest: z.string(), code: z.string(), text: z.string() }),
    ),
    incarnation: z.string(),
    position: z.number().int(),
    cursor: z.string(),
    /** Of the process that answers. */
    roles: z.array(z.string()),
    /** Those that no process has: their work waits. Left out where Redis does not tell who is connected. */
    absentRoles: z.array(z.string()).optional(),
    pid: z.number().int(),
    serverTime: z.iso.datetime(),
  }),
);
export const Clock = named('Clock', z.object({ serverTime: z.iso.datetime(), redisClock: RedisClock }));
