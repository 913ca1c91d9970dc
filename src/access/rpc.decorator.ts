import {
  applyDecorators,
  Catch,
  createParamDecorator,
  Inject,
  Injectable,
  Logger,
  UseFilters,
  UseGuards,
  UsePipes,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type Type,
} from '@nestjs/common';
import { throwError, type Observable } from 'rxjs';
import { problemJson, problemOf } from '../http/problem.js';
import { validationPipe } from '../http/validation.js';
import { Door, OWNER } from './door.js';

/** Lets a message in whose body carries the `token` of the service. */
@Injectable()
export class RpcTokenGuard implements CanActivate {
  constructor(@Inject(Door) private readonly door: Door) {}

  canActivate(context: ExecutionContext): boolean {
    const body: unknown = context.switchToRpc().getData();
    const token = typeof body === 'object' && body !== null && 'token' in body ? body.token : undefined;
    this.door.admitToken(token);
    return true;
  }
}

/** Errors at the edge of the Redis transport: `{code, message}` and the details, never a stack trace. */
@Catch()
export class RpcProblemFilter implements ExceptionFilter {
  readonly #logger = new Logger(RpcProblemFilter.name);

  catch(error: unknown): Observable<never> {
    const { type: _type, title: _title, detail, ...rest } = problemOf(error);
    if (rest.status === 500) this.#logger.error(error instanceof Error ? error.stack : String(error));
    const told: unknown = JSON.parse(problemJson({ ...rest, message: detail }));
    return throwError(() => told);
  }
}

/** For a controller of message handlers: token, validation and errors as the contract says. */
export const RpcAccess = (guard: Type<CanActivate> = RpcTokenGuard) =>
  applyDecorators(UseGuards(guard), UseFilters(new RpcProblemFilter()), UsePipes(validationPipe()));

/** Who sent the message; the same one as with HTTP. */
export const RpcPrincipal = createParamDecorator((): string => OWNER);
