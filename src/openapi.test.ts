import 'reflect-metadata';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { startRedisServer, type RedisServer } from '../libs/event-store/test/redis-server.js';
import { Api, type Headers } from '../test/harness/api.js';
import { openPlace, type Place } from '../test/harness/place.js';
import { makeRepository, QUICK } from '../test/harness/repositories.js';
import { completed, type PlanAnswer } from '../test/harness/sprints.js';
import { start, type RunningService } from './main.js';

interface Operation {
  readonly operationId: string;
  readonly summary?: string;
  readonly security?: readonly object[];
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: object;
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly content?: Record<string, { readonly schema: object }> }>
  >;
}
type Document = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
};

/** Lets only those fields pass that are named: what an answer has besides is not documented. */
const closed = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const parts = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  return 'properties' in parts && !('additionalProperties' in parts)
    ? { ...parts, additionalProperties: false }
    : parts;
};

/** `GET /hyper-running/plans/{planId}` … as Fastify prints its tree of routes. */
const routesOf = (tree: string): string[] => {
  const above: string[] = [];
  return tree.split('\n').flatMap((line) => {
    const [, indent = '', segment = '', methods = ''] = /^(.*)[├└]── (\S*) ?\(?([^)]*)/.exec(line) ?? [];
    const path = (above[indent.length / 4 - 1] ?? '') + segment;
    above[indent.length / 4] = path;
    const named = path.replaceAll(/:(\w+)/g, '{$1}');
    return methods
      .split(', ')
      .filter((method) => method !== '' && method !== 'HEAD')
      .map((method) => `${method} ${named}`);
  });
};

/** For browsers: not part of the interface. */
const PAGES = ['GET /', 'GET /assets/{name}', 'GET /enter', 'GET /favicon.svg'];

/** Of what is not to be without a word why. */
const REASONED = /redact$/;

describe('/openapi.json', () => {
  let redis: RedisServer;
  let place: Place;
  let service: RunningService;
  let api: Api;
  let document: Document;
  let operations: readonly { readonly route: string; readonly operation: Operation }[];
  let ajv: Ajv2020;

  beforeAll(async () => {
    redis = await startRedisServer('--appendfsync', 'always');
    place = await openPlace({ REDIS_URL: `unix://${redis.path}` });
    service = await start(place.settings);
    api = new Api(service.url ?? '', service.token);
    document = (await api.get<Document>('/openapi.json')).body;
    operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ route: `${method.toUpperCase()} ${path}`, operation })),
    );
    ajv = new Ajv2020({ strict: false, allErrors: true });
    formats.default(ajv);
    // An envelope is one half of an event: its other half names the same fields again.
    const { Envelope, Event, ...others } = document.components.schemas;
    const schemas = { Envelope, Event, ...(closed(others) as object) };
    ajv.addSchema({ $id: 'openapi', components: { schemas } });
  }, 60_000);
  afterAll(async () => {
    await service?.close();
    await redis?.end();
    await place?.remove();
  });

  const validators = new Map<string, ValidateFunction>();
  const schemaOf = (route: string, status: number, mediaType: string): ValidateFunction => {
    const { operation } = operations.find((one) => one.route === route) ?? {};
    const schema = operation?.responses[status]?.content?.[mediaType]?.schema;
    if (schema === undefined) throw new Error(`${route} has no answer ${status} in ${mediaType}.`);
    const text = JSON.stringify(schema).replaceAll('"#/', '"openapi#/');
    const validator = validators.get(text) ?? ajv.compile(JSON.parse(text) as object);
    validators.set(text, validator);
    return validator;
  };

  /** Asked for twice under the same id: answered at once, then with the plan. */
  const planned = async (id: string): Promise<PlanAnswer> => {
    const headers = { 'idempotency-key': id };
    const route = 'POST /hyper-running/plan';
    const early = await ask(route, {}, { body: {}, headers: { ...headers, prefer: 'respond-async' } });
    expect(early.status).toBe(202);
    const { status, body } = await ask<PlanAnswer>(route, {}, { body: {}, headers });
    expect(status).toBe(201);
    return body;
  };

  /** Asks, and holds the answer against what the document says of it. */
  const ask = async <Body = unknown>(
    route: string,
    ids: Headers = {},
    more: { query?: string; body?: unknown; headers?: Headers } = {},
  ) => {
    const [method = '', path = ''] = route.split(' ');
    const target = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? 'unknown') + (more.query ?? '');
    const answer = await api.send<Body>(method, target, more.body, more.headers);
    const mediaType = answer.headers.get('content-type')?.split(';')[0] ?? '';
    const validate = schemaOf(route, answer.status, mediaType);
    validate(answer.body);
    expect({ route, status: answer.status, errors: validate.errors?.slice(-5) ?? [] }).toMatchObject({ errors: [] });
    return answer;
  };

  it('is valid OpenAPI 3.1', async () => {
    expect(await new Validator().validate(structuredClone(document))).toEqual({ valid: true });
  });

  it('has every route of the service, and none besides', () => {
    const routes = routesOf(service.app.getHttpAdapter().getInstance().printRoutes({ commonPrefix: false }));
    expect(operations.map(({ route }) => route).toSorted()).toEqual(
      routes.filter((route) => ![...PAGES, 'GET /openapi.json'].includes(route)).toSorted(),
    );
  });

  it('says of every route what it does, what it takes, what it answers and what it refuses', () => {
    for (const { route, operation } of operations) {
      expect({ route, ...operation }).toMatchObject({
        summary: expect.any(String),
        responses: { default: {}, 403: {} },
      });
      const { 200: ok, 201: created, 202: accepted, 204: done } = operation.responses;
      const content = done === undefined ? (ok ?? created ?? accepted)?.content : {};
      expect({ route, content }).toMatchObject({ content: expect.any(Object) });
      const named = operation.parameters.filter((one) => one.in === 'path').map(({ name }) => `{${name}}`);
      expect(named).toEqual(route.match(/\{\w+\}/g) ?? []);
    }
  });

  it('describes nothing that no route speaks of', () => {
    const text = JSON.stringify(document);
    const names = Object.keys(document.components.schemas);
    expect(names.filter((name) => !text.includes(`"#/components/schemas/${name}"`))).toEqual([]);
    expect(names).toContain('PlanView');
  });

  it('asks for the token everywhere but at /health/live and where a browser gets in, and for a command id at every write to the log', () => {
    const open = operations.filter(({ operation }) => operation.security === undefined);
    expect(open.map(({ route }) => route).toSorted()).toEqual(['GET /health/live', 'POST /session']);
    const keyed = operations.filter(({ operation }) =>
      operation.parameters.some(({ name }) => name === 'Idempotency-Key'),
    );
    const writes = operations.filter(({ route }) => !/^GET | \/session/.test(route));
    expect(keyed).toEqual(writes);
  });

  it('gives every operation a name of its own', () => {
    const names = operations.map(({ operation }) => operation.operationId);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain('patchHyperRunningPlansPlanId');
  });

  it('names no error that docs/errors.md does not explain', async () => {
    const page = await readFile('docs/errors.md', 'utf8');
    const problems = operations
      .flatMap(({ operation }) => Object.entries(operation.responses))
      .filter(([status]) => Number(status) >= 400)
      .flatMap(([, { description }]) => [...description.matchAll(/`([a-z.-]+)`/g)].map(([, code]) => code));
    expect([...new Set(problems)].filter((code) => !page.includes(`| \`${code}\` |`))).toEqual([]);
    expect(problems).toContain('plan.stale-hash');
  });

  it('holds for what the service answers in its main job', async () => {
    const repository = await makeRepository(place.repositories, 'atlas', QUICK);
    await ask('POST /repositories', {}, { body: { path: repository } });
    await ask('POST /repositories', {}, { body: { path: repository } });
    const plan = await planned('first');
    const edit = {
      body: { order: plan.tasks.map(({ taskId }) => taskId).toReversed() },
      headers: { 'if-match': `"${plan.planHash}"` },
    };
    const { planId } = plan;
    const edited = await ask<PlanAnswer>('PATCH /hyper-running/plans/{planId}', { planId }, edit);
    expect((await ask('PATCH /hyper-running/plans/{planId}', { planId }, edit)).status).toBe(412);
    await ask('GET /hyper-running/plans/{planId}', { planId }, { query: `?at=${plan.cursor}` });
    await ask('GET /hyper-running/plans/{planId}', { planId });
    await ask('GET /hyper-running/plans/{planId}/proposed_sprint.json', { planId });
    const approve = (planHash: string) =>
      ask('POST /hyper-running/execute', {}, { body: { planId, planHash, taskIds } });
    const [taskId = '', declined = ''] = plan.tasks.map((task) => task.taskId);
    const taskIds = [taskId];
    expect((await approve(plan.planHash)).status).toBe(409);
    expect((await approve(edited.body.planHash)).status).toBe(202);
    const second = await planned('second');
    expect(
      (await ask('POST /hyper-running/plans/{planId}/reject', { planId: second.planId }, { body: {} })).status,
    ).toBe(200);
    const sprintId = planId;
    await completed(api, sprintId);
    const integrate = 'POST /hyper-running/sprints/{sprintId}/integrate';
    expect((await ask(integrate, { sprintId }, { body: { taskIds } })).status).toBe(202);
    for (const route of ['', '/events', '/report', '/verify'].map(
      (path) => `GET /hyper-running/sprints/{sprintId}${path}`,
    ))
      expect((await ask(route, { sprintId })).status).toBe(200);
    await ask('GET /hyper-running/sprints/{sprintId}', { sprintId }, { query: `?at=${plan.cursor}` });
    await ask('GET /hyper-running/sprints/{sprintId}/report', { sprintId }, { query: '?format=markdown' });
    for (const accept of ['application/x-ndjson', 'application/json-seq'])
      await ask('GET /hyper-running/sprints/{sprintId}/events', { sprintId }, { headers: { accept } });
    for (const id of [taskId, declined]) await ask('GET /hyper-running/tasks/{taskId}', { taskId: id });
    await ask('GET /hyper-running/tasks/{taskId}/diff', { taskId });
    await ask('GET /hyper-running/tasks/{taskId}/events', { taskId });
    await ask('GET /hyper-running/tasks/{taskId}/events', { taskId }, { headers: { accept: 'application/json-seq' } });
    await ask('GET /events', {}, { query: '?limit=1000' });
    for (const { route } of operations)
      if (route.startsWith('GET ') && !/[{]|stream/.test(route))
        await ask(route, {}, { query: route.includes('search') ? '?q=atlas' : '' });
    await ask('GET /agents/{agentId}', { agentId: 'links-1' });
  }, 60_000);

  it('holds for what the service refuses', async () => {
    for (const { route } of operations) {
      if (!route.includes('{')) continue;
      const headers = { 'if-match': `"${'0'.repeat(64)}"` };
      const body = route.endsWith('request-changes')
        ? { comment: 'Otherwise.' }
        : REASONED.test(route)
          ? { reason: 'So.' }
          : {};
      const answer = await ask(route, {}, { headers, ...(route.startsWith('GET') ? {} : { body }) });
      expect({ route, status: answer.status }).toEqual({ route, status: 404 });
    }
  });
});
