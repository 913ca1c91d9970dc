import { z } from 'zod';
import { RepositoryId, SprintId } from '#contracts';
import { momentPageSchema, named } from '../http/schemas.js';

const known = { repositoryId: RepositoryId, path: z.string(), name: z.string() };

const RepositoryView = named(
  'RepositoryView',
  z.object({
    ...known,
    /** The sprint that runs on it. */
    running: SprintId.optional(),
    /** How many findings were dismissed for good. */
    dismissed: z.number().int(),
  }),
);
export const RepositoryPage = named(
  'RepositoryPage',
  momentPageSchema(RepositoryView).extend({
    /** Folders within which repositories may be added, as the service is set. */
    roots: z.array(z.string()),
  }),
);
export const RepositoryAdded = named('RepositoryAdded', z.object({ ...known, cursor: z.string() }));
