import { STATUS_CODES } from 'node:http';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { ID_PATTERN } from '#contracts';
import { Sessions } from './access/session.js';
import { PROBLEMS } from './http/answers.decorator.js';
import { FOLLOW_AFTER } from './http/follow-after.js';
import { Problem } from './http/problem.schema.js';
import { componentSchemas, schemaRef } from './http/schemas.js';
import { statusOf } from './http/statuses.js';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']> & { [PROBLEMS]?: Record<string, string> };

const SESSION = 'session';

/** OpenAPI 3.1 at `/openapi.json`, made from the controllers when it is asked for first. */
export const serveOpenApi = (app: NestFastifyApplication): void => {
  SwaggerModule.setup('openapi', app, () => describe(app), {
    ui: false,
    raw: ['json'],
    jsonDocumentUrl: 'openapi.json',
  });
};

const describe = (app: NestFastifyApplication): OpenAPIObject => {
  const description = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('HyperRun')
    .setDescription('Errors are `application/problem+json`; docs/errors.md lists them by `code`.')
    .setVersion('0.1.0')
    .addBearerAuth()
    .addCookieAuth(app.get(Sessions).cookieName, undefined, SESSION)
    .build();
  const document = SwaggerModule.createDocument(app, description);
  for (const [path, operations] of Object.entries(document.paths))
    for (const [method, operation] of Object.entries(operations) as [string, Operation][]) {
      operation.operationId = `${method}${path.replaceAll(/[^a-z]+(\w?)/gi, (_, letter: string) => letter.toUpperCase())}`;
      operation.parameters = [...idsIn(path, operation.parameters), ...(operation.parameters ?? [])];
      describeProblems(operation);
      if (method === 'get' && operation.security !== undefined) describeFollowing(operation);
      // A session is worth the token, except for getting further ones.
      if (operation.security !== undefined && path !== '/session/links') operation.security.push({ [SESSION]: [] });
    }
  const schemas = { ...document.components?.schemas, ...componentSchemas() };
  return { ...document, components: { ...document.components, schemas } };
};

/** Parameters of the path that go through a pipe, of which the framework knows no type. */
const idsIn = (path: string, known: Operation['parameters'] = []) =>
  [...path.matchAll(/\{(\w+)\}/g)]
    .flatMap(([, name = '']) => (known.some((one) => 'name' in one && one.name === name) ? [] : [name]))
    .map((name) => ({
      name,
      in: 'path' as const,
      required: true,
      schema: { type: 'string', pattern: ID_PATTERN.source },
    }));

const BODY = ['request.malformed', 'request.invalid', 'request.body-too-large', 'request.media-type-unsupported'];
const WRITE = ['command.id-reused', 'log.outcome-unknown', 'log.full', 'service.stopping'];

/** What every route refuses that takes such a request; what is its own, its controller says. */
const describeProblems = (operation: Operation): void => {
  const { security = [], parameters = [], requestBody, [PROBLEMS]: own = {} } = operation;
  const writes = parameters.some((one) => 'name' in one && one.name === 'Idempotency-Key');
  const codes = new Set([
    'access.host-refused',
    'access.origin-refused',
    ...(security.length === 0 ? [] : ['access.token-missing', 'access.token-wrong', 'log.unavailable']),
    ...(parameters.length === 0 ? [] : ['request.invalid']),
    ...(requestBody === undefined ? [] : BODY),
    ...(writes ? WRITE : []),
    ...Object.values(own),
  ]);
  for (const status of new Set([...codes].map(statusOfCaller))) {
    const those = [...codes].filter((code) => statusOfCaller(code) === status).map((code) => `\`${code}\``);
    operation.responses[status] = problem(`${STATUS_CODES[status]}: ${those.join(', ')}`);
  }
  operation.responses['default'] = problem('Anything else that went wrong');
  delete operation[PROBLEMS];
};

/** What every read tells besides. */
const describeFollowing = ({ responses: { 200: ok } }: Operation): void => {
  if (ok === undefined || '$ref' in ok) return;
  const description = 'Follow a stream after this cursor to miss nothing. Not with `at`.';
  ok.headers = { ...ok.headers, [FOLLOW_AFTER]: { description, schema: { type: 'string' } } };
};

const statusOfCaller = (code: string) => statusOf(code, 'caller');

const problem = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: schemaRef(Problem) } },
});
