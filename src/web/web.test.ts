import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Api } from '../../test/harness/api.js';
import { openRooms, type Rooms } from '../../test/harness/rooms.js';
import { WebFiles } from './web-files.js';
import { WebController } from './web.controller.js';

const SCRIPT = 'console.log("ready");\n';

const serve = async (folder: string): Promise<Rooms> =>
  openRooms({
    controllers: [WebController],
    providers: [{ provide: WebFiles, useFactory: () => WebFiles.read(folder) }],
  });

describe('the web app', () => {
  let folder: string;
  let rooms: Rooms;
  let api: Api;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hyper-run-web-'));
    await mkdir(join(folder, 'assets', 'deeper'), { recursive: true });
    await writeFile(join(folder, 'index.html'), '<!doctype html><title>Terminal</title>');
    await writeFile(join(folder, 'favicon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
    await writeFile(join(folder, 'assets', 'index-a1b2c3.js'), SCRIPT);
    await writeFile(join(folder, 'assets', 'style-d4e5f6.css'), 'body{}');
    await writeFile(join(folder, 'secret.txt'), 'not for serving');
    rooms = await serve(folder);
    api = new Api(rooms.url, rooms.token);
  });
  afterAll(async () => {
    await rooms.close();
    await rm(folder, { recursive: true });
  });
  const ask = (path: string, init?: RequestInit) => fetch(rooms.url + path, init);

  it('is asked for anew each time, and sent only when it changed', async () => {
    const page = await api.get<string>('/');
    expect(page.body).toBe('<!doctype html><title>Terminal</title>');
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('cache-control')).toBe('no-cache');
    const again = await api.get<string>('/', { 'if-none-match': page.headers.get('etag') ?? '' });
    expect(again).toMatchObject({ status: 304, body: '' });
    expect((await api.get('/', { 'if-none-match': '"another"' })).status).toBe(200);
  });

  it('runs only scripts, styles and workers of its own, and talks only to its service', async () => {
    const { headers } = await api.get('/');
    expect(headers.get('content-security-policy')?.split('; ').toSorted()).toEqual([
      "base-uri 'none'",
      "connect-src 'self'",
      "default-src 'none'",
      "font-src 'self'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "img-src 'self' data:",
      "script-src 'self'",
      "style-src 'self'",
      "worker-src 'self'",
    ]);
    expect(Object.fromEntries(headers)).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'permissions-policy': expect.stringContaining('camera=()'),
    });
  });

  it('has files that anybody may read and keep for ever: they hold no data', async () => {
    const script = await ask('/assets/index-a1b2c3.js');
    expect(await script.text()).toBe(SCRIPT);
    expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(script.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect((await ask('/assets/style-d4e5f6.css')).headers.get('content-type')).toBe('text/css; charset=utf-8');
    expect((await ask('/favicon.svg')).headers.get('content-type')).toBe('image/svg+xml');
    const head = await ask('/assets/index-a1b2c3.js', { method: 'HEAD' });
    expect({ text: await head.text(), length: head.headers.get('content-length') }).toEqual({
      text: '',
      length: String(SCRIPT.length),
    });
  });

  it.each([
    '/assets/none.js',
    '/assets/deeper',
    '/assets/..%2fsecret.txt',
    '/assets/%2e%2e%2fsecret.txt',
    '/assets/..%5csecret.txt',
    '/assets/index-a1b2c3.js%00',
    '/assets/',
    '/assets/deeper/../../secret.txt',
  ])('has nothing at %s', async (path) => {
    expect((await api.get(path)).status).toBe(404);
  });

  it('can only be read', async () => {
    for (const path of ['/', '/assets/index-a1b2c3.js', '/favicon.svg'])
      expect(await api.post(path)).toMatchObject({ status: 405, body: { code: 'request.method-not-allowed' } });
  });

  it('is for who was let in', async () => {
    expect((await ask('/')).status).toBe(401);
  });
});

describe('a service that was built without the web app', () => {
  it('says so', async () => {
    const rooms = await serve(join(tmpdir(), 'hyper-run-no-such-folder'));
    try {
      const api = new Api(rooms.url, rooms.token);
      expect(await api.get('/')).toMatchObject({
        status: 404,
        body: { code: 'web.not-built', detail: expect.stringContaining('npm run build') },
      });
      expect((await api.get('/favicon.svg')).status).toBe(404);
    } finally {
      await rooms.close();
    }
  });
});
