// What answers look like: one zod schema each, from which its type and its place in /openapi.json follow.
import { z } from 'zod';
import {
  Evidence,
  FileChange,
  Plan,
  PlannedTask,
  SealedHead,
  StepResult,
  Verification,
  eventSchemas,
} from '#contracts';

const documented = z.registry<{ id: string }>();

/** Gives a schema its name below `components.schemas`; whatever holds it refers to it there. */
export const named = <Schema extends z.ZodType>(id: string, schema: Schema): Schema => {
  documented.add(schema, { id });
  return schema;
};

const BaseVerified = eventSchemas['sprint.base-verified'];
const CONTRACTS = {
  BaseVerified,
  Evidence,
  FileChange,
  Plan,
  PlannedTask,
  SealedHead,
  StepResult,
  Verification,
};
for (const [id, schema] of Object.entries(CONTRACTS)) named(id, schema);

type Leaf = string | number | boolean | null | undefined;
type Immutable<T> = unknown extends T ? T : T extends Leaf ? T : { readonly [Key in keyof T]: Immutable<T[Key]> };
/** What a schema describes, as it is handed out. */
export type Told<Schema extends z.ZodType> = Immutable<z.infer<Schema>>;

/** A page of a list; `next` is what to send as `after` for the one that follows. */
export const pageSchema = <Item extends z.ZodType>(item: Item) =>
  z.object({ items: z.array(item), next: z.string().optional() });

/** A page of a list as it was at `cursor`. */
export const momentPageSchema = <Item extends z.ZodType>(item: Item) => pageSchema(item).extend({ cursor: z.string() });

const refTo = (id: string) => `#/components/schemas/${id}`;

/** A reference to a schema that has a name. */
export const schemaRef = (schema: z.ZodType): { readonly $ref: string } => {
  const id = documented.get(schema)?.id;
  if (id === undefined) throw new Error('A schema of an answer has no name.');
  return { $ref: refTo(id) };
};

/** All that have a name, as JSON Schema 2020-12. Fields that they do not name may come with a later version. */
export const componentSchemas = (): Record<string, object> => {
  const { schemas } = z.toJSONSchema(documented, {
    io: 'input',
    uri: refTo,
    override: ({ jsonSchema }) => {
      if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, { $id: _id, $schema: _schema, ...schema }]) => [id, schema]),
  );
};
