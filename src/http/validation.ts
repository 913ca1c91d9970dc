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

const childrenOf = (value: unknown): unknown[] =>
  typeof value === 'object' && value !== null ? Object.values(value) : [];

const requireShallow = (value: unknown): void => {
  let level = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH)
      throw new HyperRunError('request.malformed', `Expected a body of at most ${MAX_DEPTH} levels, found more.`);
    level = level.flatMap(childrenOf);
  }
};

class ShallowValidationPipe extends ValidationPipe {
  override transform(value: unknown, metadata: ArgumentMetadata) {
    if (metadata.type === 'body') requireShallow(value);
    return super.transform(value, metadata);
  }
}

/** Bodies, queries and parameters are validated against their DTO; a field that it does not name is refused. */
export const validationPipe = (): ValidationPipe =>
  new ShallowValidationPipe({
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    transform: true,
    exceptionFactory: (found) => {
      const errors = fieldErrors(found);
      const sentences = errors.map(({ field, message }) => `${field}: ${message}.`);
      return new HyperRunError('request.invalid', sentences.slice(0, 10).join(' '), { errors });
    },
  });
