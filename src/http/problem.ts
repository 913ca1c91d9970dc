import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';
import { HyperRunError, isHyperRunError } from '#contracts';
import { withoutSecrets } from '../config/secrets.js';
import type { Problem } from './problem.schema.js';
import { statusOf } from './statuses.js';

const CODE_BY_STATUS: Readonly<Record<number, string>> = {
  400: 'request.malformed',
  404: 'request.not-found',
  405: 'request.method-not-allowed',
  408: 'request.timeout',
  413: 'request.body-too-large',
  414: 'request.uri-too-long',
  415: 'request.media-type-unsupported',
  422: 'request.invalid',
};

export const problemOf = (error: unknown): Problem => {
  if (isHyperRunError(error)) return fromOurs(error);
  if (isRedisOutOfReach(error)) return fromOurs(outOfReach);
  if (error instanceof Error && error.message.startsWith('OOM ')) return fromOurs(full);
  if (error instanceof HttpException) return fromStatus(error.getStatus(), error.message);
  return fromStatus(statusFieldOf(error), error instanceof Error ? error.message : 'Refused.');
};

/** The body of an answer: whatever an error carries, it shows no secret of the service. */
export const problemJson = (problem: unknown): string => withoutSecrets(JSON.stringify(problem));

const fromOurs = ({ code, message, details, actor }: HyperRunError): Problem => {
  const status = statusOf(code, actor);
  return { ...details, ...titled(status), detail: message, code, type: typeOf(code) };
};

/** What Nest and Fastify refuse. Of an error that nobody foresaw, nothing is told: it stands in the service's log. */
const fromStatus = (status: number, message: string): Problem => {
  if (status >= 500)
    return {
      ...titled(500),
      detail: 'The service failed at this request. Its log says more.',
      code: 'service.failed',
      type: typeOf('service.failed'),
    };
  const code = CODE_BY_STATUS[status] ?? 'request.refused';
  return { ...titled(status), detail: message, code, type: typeOf(code) };
};

const titled = (status: number) => ({ title: STATUS_CODES[status] ?? 'Error', status });
const typeOf = (code: string) => `/errors/${code}`;

const outOfReach = new HyperRunError(
  'log.unavailable',
  'Redis is out of reach. Nothing is known to have been done; try again.',
  {},
  'retry',
);

const full = new HyperRunError('log.full', 'Redis has no memory left. Raise maxmemory.', {}, 'operator');

const REDIS_FAILURES = /^(Connection is closed\.|Stream isn't writeable|Reached the max retries per request)/;

const isRedisOutOfReach = (error: unknown) =>
  error instanceof Error && (error.name === 'MaxRetriesPerRequestError' || REDIS_FAILURES.test(error.message));

const statusFieldOf = (error: unknown): number =>
  typeof error === 'object' && error !== null && 'statusCode' in error && typeof error.statusCode === 'number'
    ? error.statusCode
    : 500;
