import { z } from 'zod';
import { named, type Told } from './schemas.js';

/** RFC 9457. `type` is stable and relative; docs/errors.md says for each what it means and who must act. */
export const Problem = named(
  'Problem',
  z.looseObject({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    /** What was expected, what was found, what to do. */
    detail: z.string(),
    code: z.string(),
    errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
  }),
);
export type Problem = Told<typeof Problem>;
