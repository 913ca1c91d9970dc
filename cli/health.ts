import { z } from 'zod';
import type { ServiceClient } from './client.js';

const Health = z.looseObject({
  isolation: z.string().optional(),
  durability: z.string().optional(),
  /** What of the acknowledged events a loss of power may take. */
  lossWindow: z.string().optional(),
  memory: z
    .looseObject({ percent: z.number(), takesNewSprints: z.boolean(), partition: z.number().optional() })
    .optional(),
  /** What the process that answers does. */
  roles: z.array(z.string()).optional(),
  /** What no process does. */
  absentRoles: z.array(z.string()).optional(),
  /** The end of the log. */
  cursor: z.string().optional(),
  redis: z.looseObject({ address: z.string() }).optional(),
});
export type Health = z.infer<typeof Health>;

/** What the service says about itself when it is ready. */
export const readHealth = (client: ServiceClient): Promise<Health> => client.get(Health, '/health/ready');
