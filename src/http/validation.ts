import { ValidationPipe, type ValidationError } from '@nestjs/common';
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

/** Bodies, queries and parameters are validated against their DTO; a field that it does not name is refused. */
export const validationPipe = (): ValidationPipe =>
  new ValidationPipe({
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
