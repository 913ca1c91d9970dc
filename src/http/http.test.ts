import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, Inject, Post, Query } from '@nestjs/common';
import { IsInt, IsString, MaxLength, ValidateNested } from 'class-validator';
import { Type } from 'class-transformer';
import type { Redis } from 'ioredis';
import { HyperRunError } from '#contracts';
import { openRooms, type RequestWithToken, type Rooms } from '../../test/harness/rooms.js';
import { REDIS } from '../log/log.port.js';
import { CommandId } from './command-id.decorator.js';
import { PageDto } from './page.dto.js';

class PartDto {
  @IsInt() readonly size: number;
}
class ThingDto {
  @IsString() @MaxLength(5) readonly name: string;
  @ValidateNested() @Type(() => PartDto) readonly part: PartDto;
}

@Controller('things')
class ThingsController {
  constructor(@Inject(REDIS) private readonly redis: Redis) {}

  @Get('ping')
  async ping() {
    return { redis: await this.redis.ping() };
  }

  @Post('note')
  async note() {
    await this.redis.set('note', 'x'.repeat(100));
  }

  @Get()
  list(@Query() page: PageDto) {
    return page;
  }

  @Post()
  make(@Body() { name, part }: ThingDto, @CommandId() commandId: string) {
    return { name, part, commandId };
  }

  @Get('stale')
  stale() {
    throw new HyperRunError('plan.stale-hash', 'The plan was edited. Read it again.', { planHash: 'abc' });
  }

  @Get('broken')
  broken() {
    throw new Error('the password is swordfish');
  }
}

describe('the HTTP edge', () => {
  let rooms: Rooms;
  beforeAll(async () => {
    rooms = await openRooms({ controllers: [ThingsController], env: { HYPER_RUN_BODY_LIMIT: '2048' } });
  });
  afterAll(() => rooms.close());

  const ask = async (path: string, init?: RequestWithToken) => {
    const response = await rooms.fetch(path, init);
    const body = (await response.json()) as Record<string, unknown>;
    return { status: response.status, type: response.headers.get('content-type'), headers: response.headers, body };
  };
  const post = (body: string, headers: Record<string, string> = {}) =>
    ask('/things', { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });
  const thing = JSON.stringify({ name: 'bolt', part: { size: 3 } });

  it('carries out what is well formed, under the command id that was given', async () => {
    expect(await post(thing, { 'idempotency-key': 'mine-1' })).toMatchObject({
      status: 201,
      body: { name: 'bolt', part: { size: 3 }, commandId: 'mine-1' },
    });
  });

  it('gives a command without an id a fresh one', async () => {
    const [first, second] = [await post(thing), await post(thing)];
    expect(first.body['commandId']).not.toBe(second.body['commandId']);
  });

  it('tells an error of ours with its code, status, type and details', async () => {
    expect(await ask('/things/stale')).toMatchObject({
      status: 409,
      type: 'application/problem+json',
      body: {
        type: '/errors/plan.stale-hash',
        title: 'Conflict',
        status: 409,
        detail: 'The plan was edited. Read it again.',
        code: 'plan.stale-hash',
        planHash: 'abc',
      },
    });
  });

  it('tells nothing of an error that nobody foresaw', async () => {
    const { status, body } = await ask('/things/broken');
    expect({ status, code: body['code'] }).toEqual({ status: 500, code: 'service.failed' });
    expect(JSON.stringify(body)).not.toMatch(/swordfish|\.ts/);
  });

  it('names every field that is wrong, also within another', async () => {
    const { status, body } = await post(JSON.stringify({ name: 'too long', part: { size: 'x' }, extra: 1 }));
    expect(status).toBe(422);
    const fields = (body['errors'] as { field: string }[]).map(({ field }) => field);
    expect(fields.toSorted()).toEqual(['extra', 'name', 'part.size']);
  });

  it('refuses a field that every object inherits like any other that it does not know', async () => {
    const { status, body } = await post('{"name":"bolt","constructor":7,"part":{"size":3}}');
    expect(status).toBe(422);
    expect(body['errors']).toEqual([{ field: 'constructor', message: 'property constructor should not exist' }]);
    expect(await post('{"name":"bolt","part":{"size":3,"toString":7}}')).toMatchObject({
      status: 422,
      body: { errors: [{ field: 'part.toString' }] },
    });
  });

  it.each([
    ['malformed JSON', () => post('{"name":'), 400, 'request.malformed'],
    [
      'a body nested without end',
      () => post(`{"name":"a","part":${'['.repeat(300)}${']'.repeat(300)}}`),
      400,
      'request.malformed',
    ],
    ['a body of a poisonous key', () => post('{"__proto__":{"admin":true}}'), 400, 'request.malformed'],
    ['a giant body', () => post(JSON.stringify({ name: 'x'.repeat(3000) })), 413, 'request.body-too-large'],
    ['another media type', () => post(thing, { 'content-type': 'text/plain' }), 415, 'request.media-type-unsupported'],
    [
      'a form',
      () => post('name=x', { 'content-type': 'application/x-www-form-urlencoded' }),
      415,
      'request.media-type-unsupported',
    ],
    ['an unknown path', () => ask('/nothing'), 404, 'request.not-found'],
    ['another method', () => ask('/things', { method: 'DELETE' }), 405, 'request.method-not-allowed'],
    ['an unknown query parameter', () => ask('/things?colour=red'), 422, 'request.invalid'],
    ['a page that is too large', () => ask('/things?limit=1001'), 422, 'request.invalid'],
    ['a bad command id', () => post(thing, { 'idempotency-key': 'two words' }), 422, 'request.invalid'],
    ['a malformed address', () => ask('/%zz'), 400, 'request.malformed'],
  ])('answers %s with its problem, and lives on', async (_, send, status, code) => {
    expect(await send()).toMatchObject({ status, type: 'application/problem+json', body: { status, code } });
    expect(await ask('/things')).toMatchObject({ status: 200, body: { limit: 100 } });
  });

  it('says with 405 what is possible', async () => {
    expect((await ask('/things', { method: 'DELETE' })).headers.get('allow')).toBe('GET, HEAD, POST');
  });

  it('says that Redis is out of reach, and works again when it is back', async () => {
    expect(await ask('/things/ping')).toMatchObject({ status: 200, body: { redis: 'PONG' } });
    await rooms.redis.stop('SIGKILL');
    expect(await ask('/things/ping')).toMatchObject({ status: 503, body: { code: 'log.unavailable' } });
    await rooms.redis.start();
    expect(await ask('/things/ping')).toMatchObject({ status: 200, body: { redis: 'PONG' } });
  });

  it('says that Redis is full, and works again when it is not', async () => {
    const redis = rooms.app.get<Redis>(REDIS);
    await redis.config('SET', 'maxmemory', '1');
    expect(await ask('/things/note', { method: 'POST' })).toMatchObject({ status: 507, body: { code: 'log.full' } });
    await redis.config('SET', 'maxmemory', '0');
    expect((await rooms.fetch('/things/note', { method: 'POST' })).status).toBe(201);
  });
});
