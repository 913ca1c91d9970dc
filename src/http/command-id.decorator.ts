import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { v7 as uuidv7 } from 'uuid';
import { HyperRunError } from '#contracts';

const PRINTABLE = /^[!-~]{1,128}$/;

/** The id of the command: `Idempotency-Key` as given, else a fresh one, which makes every request a new command. */
export const commandIdOf = (given: string | string[] | undefined): string => {
  if (given === undefined) return uuidv7();
  if (typeof given === 'string' && PRINTABLE.test(given)) return given;
  throw new HyperRunError(
    'request.invalid',
    'Idempotency-Key: expected 1 to 128 printable characters without spaces.',
    {
      errors: [{ field: 'Idempotency-Key', message: 'expected 1 to 128 printable characters without spaces' }],
    },
  );
};

const documented = ApiHeader({
  name: 'Idempotency-Key',
  required: false,
  description: 'Id of the command, chosen by the caller: sent again under the same id, it happens once.',
  schema: { type: 'string', pattern: PRINTABLE.source },
});

export const CommandId = createParamDecorator(
  (_: unknown, context: ExecutionContext): string =>
    commandIdOf(context.switchToHttp().getRequest<FastifyRequest>().headers['idempotency-key']),
  [(target, key = '') => documented(target, key, Object.getOwnPropertyDescriptor(target, key) ?? {})],
);
