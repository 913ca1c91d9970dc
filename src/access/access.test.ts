import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { openRooms, type Rooms } from '../../test/harness/rooms.js';
import { loadConfig } from '../config/config.js';
import { Door } from './door.js';
import { CurrentPrincipal } from './principal.decorator.js';
import { loadToken } from './token.js';

@Controller()
class WhoController {
  @Get('who')
  who(@CurrentPrincipal() principal: string) {
    return { principal };
  }

  @Get('health/live')
  live() {
    return { status: 'live' };
  }
}

describe('the door', () => {
  let rooms: Rooms;
  beforeAll(async () => {
    rooms = await openRooms({ controllers: [WhoController], env: { HYPER_RUN_ALLOWED_HOSTS: 'ship.example' } });
  });
  afterAll(() => rooms.close());

  /** `fetch` does not let Host be chosen. */
  const knock = async (headers: Record<string, string>, path = '/who') => {
    const sent = request(rooms.url + path, { headers, agent: false }).end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    const chunks = await response.toArray();
    const body = JSON.parse(Buffer.concat(chunks as Buffer[]).toString()) as Record<string, unknown>;
    return { status: response.statusCode, headers: response.headers, body };
  };
  const bearer = () => ({ authorization: `Bearer ${rooms.token}` });

  it('knows who holds the token', async () => {
    expect(await knock(bearer())).toMatchObject({ status: 200, body: { principal: 'person:owner' } });
  });

  it.each([
    ['no token', {}, 'access.token-missing'],
    ['a wrong token', { authorization: 'Bearer nonsense' }, 'access.token-wrong'],
    ['another scheme', { authorization: 'Basic b3duZXI6' }, 'access.token-missing'],
  ])('refuses %s, also where there is nothing', async (_, headers: Record<string, string>, code) => {
    for (const path of ['/who', '/nowhere'])
      expect(await knock(headers, path)).toMatchObject({
        status: 401,
        headers: { 'www-authenticate': 'Bearer', 'content-type': 'application/problem+json' },
        body: { code },
      });
  });

  it('opens /health/live without a token, and nothing that looks like it', async () => {
    expect((await knock({}, '/health/live')).status).toBe(200);
    expect((await knock({}, '/health/live?x=1')).status).toBe(200);
    for (const path of ['/health/live/', '/health/live/..', '//health/live', '/health/%6cive'])
      expect((await knock({}, path)).status).toBe(401);
  });

  it.each(['localhost', '127.0.0.1:7420', '[::1]:7420', 'ship.example', 'SHIP.example:443'])(
    'may be called %s',
    async (host) => {
      expect((await knock({ ...bearer(), host })).status).toBe(200);
    },
  );

  it.each(['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example:7420', 'localhost:80:80'])(
    'may not be called "%s"',
    async (host) => {
      expect((await knock({ ...bearer(), host })).status).toBe(403);
    },
  );

  it('lets its own pages in and those of others not', async () => {
    const host = 'localhost:7420';
    expect((await knock({ ...bearer(), host, origin: 'http://localhost:7420' })).status).toBe(200);
    for (const origin of ['http://evil.example', 'http://localhost:3000', 'null'])
      expect(await knock({ ...bearer(), host, origin })).toMatchObject({
        status: 403,
        body: { code: 'access.origin-refused' },
      });
  });

  it('does not let in who names no host', () => {
    const visitor = { method: 'GET', path: '/who', authorization: `Bearer ${rooms.token}` };
    const door = rooms.app.get(Door);
    expect(door.admit({ ...visitor, host: 'localhost' })).toBe('person:owner');
    expect(() => door.admit(visitor)).toThrow(/Host/);
  });

  it('lets messages in by the token in their body', () => {
    const door = rooms.app.get(Door);
    expect(door.admitToken(rooms.token)).toBe('person:owner');
    for (const token of [undefined, '', 'nonsense', 7, { token: rooms.token }])
      expect(() => door.admitToken(token)).toThrow(/token/);
  });
});

describe('the token', () => {
  let dataDirectory: string;
  const load = (env = {}) => loadToken(loadConfig({ HYPER_RUN_DATA_DIR: dataDirectory, ...env }));
  const path = () => join(dataDirectory, 'token');
  beforeAll(async () => {
    dataDirectory = await mkdtemp(join(tmpdir(), 'hyper-run-token-'));
  });
  afterAll(() => rm(dataDirectory, { recursive: true }));

  it('is made once, however many start at the same time, and only its owner can read it', async () => {
    const tokens = await Promise.all(Array.from({ length: 8 }, () => load()));
    expect(new Set(tokens.map(({ value }) => value)).size).toBe(1);
    expect(tokens[0]?.value).toBe((await readFile(path(), 'utf8')).trim());
    expect((await stat(path())).mode & 0o777).toBe(0o600);
  });

  it('is refused when others can read it, and taken when they cannot', async () => {
    await writeFile(path(), 'a-token-of-mine-1\n');
    await chmod(path(), 0o644);
    await expect(load()).rejects.toMatchObject({ code: 'access.token-exposed' });
    await chmod(path(), 0o600);
    expect((await load()).value).toBe('a-token-of-mine-1');
  });

  it('is that of the environment where there is one', async () => {
    const token = await load({ HYPER_RUN_TOKEN: 'one-from-outside-1' });
    expect(token.matches('one-from-outside-1')).toBe(true);
    expect(token.matches('one-from-outside-2')).toBe(false);
  });
});
