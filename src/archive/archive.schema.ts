import { z } from 'zod';
import { Sha256, SprintId } from '#contracts';
import { named } from '../http/schemas.js';

const count = z.number().int().nonnegative();

export const ArchivedSprint = named(
  'ArchivedSprint',
  z.object({
    sprintId: SprintId,
    digest: Sha256,
    events: count,
    bytes: count,
    archivedAt: z.iso.datetime(),
    /** Where the file lies, on the machine of the service. */
    path: z.string(),
    cursor: z.string(),
  }),
);
