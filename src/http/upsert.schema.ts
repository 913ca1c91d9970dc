import { z } from 'zod';

const cursor = z.string();

/** An entity as it is now, whole: put it in place of what is known under its kind and id, unless that has a higher revision. */
export const upsertSchema = <Kind extends string, Entity extends z.ZodType>(kind: Kind, entity: Entity) =>
  z.object({
    kind: z.literal(kind),
    id: z.string(),
    /** Position of the newest event that changed it. */
    revision: z.number().int(),
    /** Where to go on from: everything that changed before was told before. */
    cursor,
    entity,
  });

/** All entities as they were at the cursor. */
export const snapshotSchema = <Upsert extends z.ZodType>(upsert: Upsert) =>
  z.object({ cursor, entities: z.array(upsert) });
