import { ValidationPipe, type ArgumentMetadata, type ValidationError } from '@nestjs/common';
import { HyperRunError } from '#contracts';

export interface FieldError {
  readonly field: string;
  readonly message: string;
}

/** Flattens what class-validator found: one entry per field, nested ones with their path. */
export const fieldErrors = (errors: readonly ValidationError[], parent = ''): FieldError[] =>
  errors.flatMap((error) => {
    const field = parent === '' ? error.property : `${parent}.${error.property}`;
    const own = Object.values(error.constraints ?? {}).map((message) => ({ field, message }));
    return [...own, ...fieldErrors(error.children ?? [], field)];
  });

/** Far more than any body of ours has. Validation recurses, and some thousand levels overflow its stack. */
const MAX_DEPTH = 32;

interface Field {
  readonly name: string;
  readonly path: string;
  readonly value: unknown;
}

const fieldsOf = (value: unknown, parent = ''): Field[] =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).map(([name, value]) => ({ name, value, path: `${parent}${name}` }))
    : [];

/** Every object has these, so class-validator does not see that a field of the name is one too many. */
const isInherited = ({ name }: Field): boolean => name in Object.prototype;

const requirePlain = (body: unknown): void => {
  let level = fieldsOf(body);
  for (let depth = 1; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH)
      throw new HyperRunError('request.malformed', `Expected a body of at most ${MAX_DEPTH} levels, found more.`);
    const inherited = level.filter(isInherited).map(({ path }) => unknownField(path));
    if (inherited.length > 0) throw invalid(inherited);
    level = level.flatMap(({ value, path }) => fieldsOf(value, `${path}.`));
  }
};

const unknownField = (field: string): FieldError => ({ field, message: `property ${field} should not exist` });

const invalid = (errors: readonly FieldError[]): HyperRunError => {
  const sentences = errors.map(({ field, message }) => `${field}: ${message}.`);
  return new HyperRunError('request.invalid', sentences.slice(0, 10).join(' '), { errors });
};

class PlainValidationPipe extends ValidationPipe {
  override transform(value: unknown, metadata: ArgumentMetadata) {
    if (metadata.type === 'body') requirePlain(value);
    return super.transform(value, metadata);
  }
}

/** Bodies, queries and parameters are validated against their DTO; a field that it does not name is refused. */
export const validationPipe = (): ValidationPipe =>
  new PlainValidationPipe({
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    transform: true,
    exceptionFactory: (found) => invalid(fieldErrors(found)),
  });
