import { z } from 'zod';
import { Sha256, SprintId, StreamName } from '#contracts';
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

export const RedactedEventView = named(
  'RedactedEvent',
  z.object({
    eventId: z.string(),
    stream: StreamName,
    version: count,
    /** SHA-256 of the data as they were: the seal holds with it. */
    digest: Sha256,
    fields: z.array(z.string()),
    artifacts: z.array(Sha256),
    cursor: z.string(),
  }),
);
