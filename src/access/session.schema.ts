import { z } from 'zod';
import { named } from '../http/schemas.js';

export const SessionLink = named(
  'SessionLink',
  z.object({
    /** Relative to where the service is reached; `/` and a route of the web app may be appended. */
    path: z.string(),
    expiresAt: z.iso.datetime(),
  }),
);
export const CurrentSession = named(
  'CurrentSession',
  z.object({
    principal: z.string(),
    /** Absent for who shows the token: it does not expire. */
    expiresAt: z.iso.datetime().optional(),
  }),
);
