import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Post } from '@nestjs/common';
import { Redis } from 'ioredis';
import { openRooms, type Rooms } from '../../test/harness/rooms.js';
import { Door } from './door.js';
import { CurrentPrincipal } from './principal.decorator.js';
import { Sessions } from './session.js';
import { Token } from './token.js';

@Controller('who')
class WhoController {
  @Get()
  ask(@CurrentPrincipal() principal: string) {
    return { principal };
  }

  @Post()
  act(@CurrentPrincipal() principal: string) {
    return { principal };
  }
}

type Headers = Readonly<Record<string, string>>;
interface Link {
  readonly path: string;
  readonly expiresAt: string;
}

describe('a browser', () => {
  let rooms: Rooms;
  beforeAll(async () => {
    rooms = await openRooms({ controllers: [WhoController] });
  });
  afterAll(() => rooms.close());

  const newTicket = async (): Promise<string> => {
    const link = (await (await rooms.fetch('/session/links', { method: 'POST' })).json()) as Link;
    return link.path.replace('/enter#', '');
  };
  const send = (method: string, path: string, headers: Headers = {}, body?: object) =>
    fetch(rooms.url + path, {
      method,
      headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
  const redeem = (ticket: string, headers: Headers = {}) => send('POST', '/session', headers, { ticket });
  const signIn = async (): Promise<string> => {
    const [cookie = ''] = (await redeem(await newTicket())).headers.getSetCookie();
    return cookie.split(';')[0] ?? '';
  };
  const codeOf = async (response: Response) => {
    const { code } = (await response.json()) as { readonly code?: string };
    return { status: response.status, code };
  };

  it('gets a cookie for the ticket of a link that no script and no other site can use', async () => {
    const response = await redeem(await newTicket());
    expect(await response.json()).toMatchObject({ principal: 'person:owner' });
    expect(response.headers.getSetCookie()).toEqual([
      expect.stringMatching(
        /^hyper-run-[\w-]{8}=\d{10}\.[\w-]{43}; Path=\/; Max-Age=604800; HttpOnly; SameSite=Strict$/,
      ),
    ]);
  });

  it('behind TLS gets one that never goes over a plain connection', async () => {
    const [cookie] = (
      await redeem(await newTicket(), { origin: rooms.url.replace('http', 'https') })
    ).headers.getSetCookie();
    expect(cookie).toMatch(/; Secure$/);
  });

  it('gets in once by a link, however many try it at the same time', async () => {
    const ticket = await newTicket();
    const answers = await Promise.all(Array.from({ length: 8 }, () => redeem(ticket)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 410)).toHaveLength(7);
    expect(await codeOf(await redeem(ticket))).toEqual({ status: 410, code: 'access.link-over' });
  });

  it('does not get in by a ticket that nobody gave out, nor by something else', async () => {
    expect(await codeOf(await redeem('x'.repeat(43)))).toEqual({ status: 410, code: 'access.link-over' });
    expect(await codeOf(await redeem('short'))).toEqual({ status: 422, code: 'request.invalid' });
  });

  it('leaves nothing in Redis but a hash for two minutes', async () => {
    const ticket = await newTicket();
    const client = new Redis({ path: rooms.redis.path });
    try {
      const keys = await client.keys('*ticket*');
      expect(keys.join()).not.toContain(ticket);
      for (const key of keys) expect(await client.pttl(key)).toBeGreaterThan(0);
      for (const key of keys) expect(await client.pttl(key)).toBeLessThanOrEqual(120_000);
      expect((await redeem(ticket)).status).toBe(200);
      expect(await client.keys('*ticket*')).toHaveLength(keys.length - 1);
    } finally {
      client.disconnect();
    }
  });

  it('with a session may read, and write from a page of ours', async () => {
    const cookie = await signIn();
    const calls: Headers[] = [
      { cookie },
      { cookie: `theme=dark; ${cookie}` },
      { cookie, 'sec-fetch-site': 'same-origin' },
    ];
    for (const headers of calls)
      expect(await (await send('GET', '/who', headers)).json()).toEqual({ principal: 'person:owner' });
    expect((await send('POST', '/who', { cookie, origin: rooms.url })).status).toBe(201);
  });

  it.each([
    ['writes without saying from where', 'POST', {}],
    ['writes from another site', 'POST', { origin: 'http://evil.example' }],
    ['writes from another port', 'POST', { origin: 'http://127.0.0.1:1', 'sec-fetch-site': 'same-site' }],
    ['writes from a page without an origin', 'POST', { origin: 'null' }],
    ['reads from another port', 'GET', { 'sec-fetch-site': 'same-site' }],
    ['reads from another site', 'GET', { 'sec-fetch-site': 'cross-site' }],
  ])('with a session is refused when it %s', async (_, method, headers: Headers) => {
    const response = await send(method, '/who', { cookie: await signIn(), ...headers });
    expect(await codeOf(response)).toEqual({ status: 403, code: 'access.origin-refused' });
  });

  it('may be led here by a link on another page', async () => {
    const visitor = { path: '/who', host: 'localhost', cookie: await signIn(), fetchSite: 'same-site' };
    const door = rooms.app.get(Door);
    expect(door.admit({ ...visitor, method: 'GET', fetchMode: 'navigate' })).toBe('person:owner');
    for (const call of [
      { method: 'GET', fetchMode: 'no-cors' },
      { method: 'POST', fetchMode: 'navigate' },
    ])
      expect(() => door.admit({ ...visitor, ...call })).toThrow(/Origin/);
  });

  it('gets no further link for its session', async () => {
    const headers = { cookie: await signIn(), origin: rooms.url };
    expect(await codeOf(await send('POST', '/session/links', headers))).toEqual({
      status: 401,
      code: 'access.token-missing',
    });
    expect((await rooms.fetch('/session/links', { method: 'POST', headers })).status).toBe(201);
  });

  it('does not come in by its session where it shows a wrong token', async () => {
    const headers = { cookie: await signIn(), authorization: 'Bearer nonsense' };
    expect(await codeOf(await send('GET', '/who', headers))).toEqual({ status: 401, code: 'access.token-wrong' });
  });

  it('is told until when it may stay, and forgets its session on signing out', async () => {
    const cookie = await signIn();
    const { expiresAt } = (await (await send('GET', '/session', { cookie })).json()) as { expiresAt: string };
    const days = (Date.parse(expiresAt) - Date.now()) / 86_400_000;
    expect(Math.round(days)).toBe(7);
    const response = await send('DELETE', '/session', { cookie, origin: rooms.url });
    expect(response.status).toBe(204);
    expect(response.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^hyper-run-[\w-]{8}=; Path=\/; Max-Age=0;/),
    ]);
  });

  it('without a session sees a page that says how to get one; a program sees the problem', async () => {
    for (const path of ['/', '/who', '/nowhere']) {
      const response = await send('GET', path, { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' });
      expect(response.status).toBe(401);
      expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(await response.text()).toContain('hyper-run open');
      expect(await codeOf(await send('GET', path))).toEqual({ status: 401, code: 'access.token-missing' });
    }
  });

  it('finds behind a link a page that runs its own script and nothing else, and is kept nowhere', async () => {
    const { status, headers } = await send('GET', '/enter', { accept: 'text/html' });
    expect(status).toBe(200);
    expect(headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; script-src 'sha256-[^ ]+'; style-src 'sha256-[^ ]+'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
    );
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('cache-control')).toBe('no-store');
  });
});

describe('a session', () => {
  let now = 1_700_000_000_000;
  const clock = () => now;
  const sessions = new Sessions(new Token('a-token-of-mine-1'), clock);
  const cookieOf = ({ value }: { readonly value: string }) => `${sessions.cookieName}=${value}`;

  it('is known to every process with the same token, and to none with another', () => {
    const cookie = cookieOf(sessions.begin());
    expect(new Sessions(new Token('a-token-of-mine-1'), clock).find(cookie)).toBeDefined();
    const other = new Sessions(new Token('a-token-of-mine-2'), clock);
    expect(other.cookieName).not.toBe(sessions.cookieName);
    expect(other.find(cookie.replace(sessions.cookieName, other.cookieName))).toBeUndefined();
  });

  it('ends when its time is over', () => {
    const session = sessions.begin();
    const began = now;
    now = session.expiresAt - 1;
    expect(sessions.find(cookieOf(session))).toEqual(session);
    now = session.expiresAt;
    expect(sessions.find(cookieOf(session))).toBeUndefined();
    now = began;
  });

  it('cannot be prolonged or made up', () => {
    const { value } = sessions.begin();
    const [seconds = '', signature = ''] = value.split('.');
    const later = String(Number(seconds) + 1);
    for (const forged of [
      `${later}.${signature}`,
      seconds,
      `${seconds}.`,
      `${seconds}.${'A'.repeat(43)}`,
      '',
      signature,
    ])
      expect(sessions.find(cookieOf({ value: forged }))).toBeUndefined();
    expect(sessions.find(undefined)).toBeUndefined();
  });
});
