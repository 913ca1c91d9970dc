import { mkdtemp, rm, stat } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { type ScriptedModel, scriptedModel, sse } from '../test/scripted-model.js';
import { callsTo, KEY } from './calls.fixture.js';
import { ModelProxy } from './model-proxy.js';

let directory: string;
let model: ScriptedModel;
let proxy: ModelProxy;
let told: ReturnType<typeof callsTo>;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hyper-run-proxy-'));
  model = await scriptedModel(({ url }) => (url.endsWith('embeddings') ? { json: { key: KEY } } : { chunks: [sse({ n: 1 }), sse({ n: 2 })] })); // prettier-ignore
  told = callsTo({ baseUrl: `${model.url}/v1`, host: model.host });
  proxy = await ModelProxy.listen(told.calls, join(directory, 'model.sock'));
});
afterAll(async () => {
  await proxy.close();
  await model.close();
  await rm(directory, { recursive: true });
});

/** Sends bytes as they are; resolves with all that comes back until the other side closes, or has waited long enough. */
const raw = (bytes: string | Buffer): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect(proxy.socketPath);
    let text = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
    socket.write(bytes);
    socket.setTimeout(200, () => socket.destroy());
  });

const head = (line: string, ...headers: string[]): string =>
  [line, 'Host: x', `Authorization: Bearer ${told.calls.door.dummyKey}`, ...headers, '', ''].join('\r\n');
const good = (body = '{}'): string => head('POST /v1/chat/completions HTTP/1.1', 'Connection: close', `Content-Length: ${body.length}`) + body; // prettier-ignore

const fetched = (path: string, body = '{}', headers = {}): Promise<{ status: number; text: string }> =>
  new Promise((resolve, reject) => {
    const key = { authorization: `Bearer ${told.calls.door.dummyKey}` };
    const asking = request(
      { socketPath: proxy.socketPath, path, method: 'POST', headers: { ...key, ...headers } },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      },
    );
    asking.on('error', reject).end(body);
  });

describe('the proxy of an attempt', () => {
  it('lets calls of the model through, and streams what it says', async () => {
    expect(await fetched('/v1/chat/completions')).toEqual({ status: 200, text: sse({ n: 1 }) + sse({ n: 2 }) });
    expect(await raw(good())).toContain('data: {"n":2}');
  });

  it('never shows the key', async () => {
    expect(await fetched('/v1/embeddings')).toEqual({ status: 200, text: '{"key":"[masked]"}' });
  });

  it('answers refusals in words that programs find', async () => {
    const { status, text } = await fetched('/v1/files');
    expect(status).toBe(403);
    expect(JSON.parse(text)).toMatchObject({ type: 'error', error: { code: 'model.request-refused' } });
    expect((await fetched('/v1/chat/completions', '{}', { authorization: 'Bearer x' })).status).toBe(401);
    expect((await fetched('/v1/chat/completions', '[]')).status).toBe(400);
  });

  it.each<[string, () => string]>([
    ['CONNECT', () => head('CONNECT evil.example:443 HTTP/1.1')],
    ['an upgrade', () => head('GET /v1/models HTTP/1.1', 'Connection: Upgrade', 'Upgrade: websocket')],
    [
      'an address of its own',
      () => head('POST http://evil.example/v1/chat/completions HTTP/1.1', 'Content-Length: 2') + '{}',
    ],
    ['two lengths', () => head('POST /v1/chat/completions HTTP/1.1', 'Content-Length: 2', 'Content-Length: 3') + '{}x'],
    [
      'length and chunks',
      () => head('POST /v1/chat/completions HTTP/1.1', 'Content-Length: 2', 'Transfer-Encoding: chunked') + '0\r\n\r\n',
    ],
    ['chunks that are none', () => head('POST /v1/chat/completions HTTP/1.1', 'Transfer-Encoding: xchunked') + '{}'],
    [
      'a damaged chunk',
      () => head('POST /v1/chat/completions HTTP/1.1', 'Transfer-Encoding: chunked') + 'zz\r\n{}\r\n',
    ],
    [
      'a bare line feed',
      () => head('POST /v1/chat/completions HTTP/1.1', 'Content-Length: 2').replaceAll('\r\n', '\n') + '{}',
    ],
    ['a folded header', () => head('POST /v1/chat/completions HTTP/1.1', 'X-A: b\r\n c', 'Content-Length: 2') + '{}'],
    ['a NUL in a header', () => head('POST /v1/chat/completions HTTP/1.1', 'X-A: \0', 'Content-Length: 2') + '{}'],
    ['a space before the colon', () => head('POST /v1/chat/completions HTTP/1.1', 'Content-Length : 2') + '{}'],
    ['huge headers', () => head('POST /v1/chat/completions HTTP/1.1', `X-A: ${'a'.repeat(20_000)}`)],
    [
      'many headers',
      () => head('POST /v1/chat/completions HTTP/1.1', ...Array.from({ length: 5000 }, (_, n) => `X-${n}: 1`)),
    ],
    ['another protocol', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a TLS hello', () => '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['nothing', () => ''],
  ])('forwards nothing for %s', async (_, bytes) => {
    // prettier-ignore
    const before = model.seen.length;
    expect(await raw(bytes())).not.toMatch(/^HTTP\/1.1 [123]/);
    expect(model.seen).toHaveLength(before);
  });

  it('forwards one request for one that hides another behind it, each by its own key', async () => {
    const before = model.seen.length;
    const hidden = 'POST /v1/embeddings HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}';
    const open = head('POST /v1/chat/completions HTTP/1.1', 'Content-Length: 2');
    const answers = await raw(`${open}{}${hidden}`);
    expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 401']);
    expect(model.seen.slice(before).map(({ url }) => url)).toEqual(['/v1/chat/completions']);
  });

  const insertion = fc.record({
    at: fc.nat(400),
    bytes: fc.oneof(
      fc.string({ unit: 'binary', maxLength: 8 }),
      fc.constantFrom('\r\n', '\0', ' ', 'http://evil.example', '../', '%2e%2e/', '\r\nContent-Length: 0', '\r\nTransfer-Encoding: chunked'), // prettier-ignore
    ),
  });
  const damaged = fc.array(insertion, { minLength: 1, maxLength: 3 }).map((insertions) =>
    insertions.reduce((text, { at, bytes }) => {
      const place = at % text.length;
      return text.slice(0, place) + bytes + text.slice(place);
    }, good()),
  );

  it('survives any bytes, and lets through nothing but calls of the model', async () => {
    const before = model.seen.length;
    await fc.assert(
      fc.asyncProperty(fc.array(damaged, { minLength: 20, maxLength: 20 }), async (requests) => {
        await Promise.all(requests.map((bytes) => raw(Buffer.from(bytes))));
        for (const { method, url, headers } of model.seen.slice(before)) {
          expect(`${method} ${url.replace(/\?.*/, '')}`).toBe('POST /v1/chat/completions');
          expect(headers.host).toBe(model.host);
        }
      }),
      { numRuns: 15 },
    );
    expect(model.seen.length).toBeGreaterThan(before);
    expect((await fetched('/v1/chat/completions')).status).toBe(200);
  });

  it('is gone with its attempt, and so are its connections', async () => {
    const path = join(directory, 'other.sock');
    const other = await ModelProxy.listen(callsTo({ baseUrl: model.url, host: model.host }).calls, path);
    const socket = connect(path);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
    await other.close();
    await other.close();
    await closed;
    await expect(stat(path)).rejects.toThrow(/ENOENT/);
  });
});
