import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { problemJson, problemOf } from './problem.js';

/** Every error at the HTTP edge becomes `application/problem+json`; never a stack trace. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #logger = new Logger(ProblemFilter.name);

  catch(error: unknown, host: ArgumentsHost): void {
    const problem = problemOf(error);
    if (problem.status === 500) this.#logger.error(error instanceof Error ? error.stack : String(error));
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (reply.sent || reply.raw.headersSent) return;
    if (problem.status === 401) void reply.header('WWW-Authenticate', 'Bearer');
    if (problem.status === 503) void reply.header('Retry-After', '1');
    void reply
      .status(problem.status)
      .type('application/problem+json')
      .send(Buffer.from(problemJson(problem)));
  }
}
