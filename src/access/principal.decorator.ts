import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { HyperRunError } from '#contracts';

const principals = new WeakMap<object, string>();

/** Notes who was admitted with this request. */
export const recordPrincipal = (request: IncomingMessage, principal: string): void => {
  principals.set(request, principal);
};

/** Whether somebody was: not everything asks for the token. */
export const isAdmitted = (request: IncomingMessage): boolean => principals.has(request);

/** Who asks: `person:owner`. Recorded as the actor of what follows. */
export const CurrentPrincipal = createParamDecorator((_: unknown, context: ExecutionContext): string => {
  const { raw } = context.switchToHttp().getRequest<{ raw: IncomingMessage }>();
  const principal = principals.get(raw);
  if (principal === undefined)
    throw new HyperRunError('access.token-missing', 'Nobody was admitted with this request.');
  return principal;
});
