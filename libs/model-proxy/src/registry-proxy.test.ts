import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import { connect, createServer as createTcpServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { RegistryProxy, type RegistryTerms } from './registry-proxy.js';

let directory: string;
let registry: Server;
let host: string;
const seen: { readonly line: string; readonly headers: IncomingMessage['headers']; readonly body: string }[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hyper-run-registry-'));
  registry = createServer((asked, response) => {
    let body = '';
    asked.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    asked.on('end', () => {
      seen.push({ line: `${asked.method} ${asked.url}`, headers: asked.headers, body });
      response.setHeader('x-registry', 'ours').end(`package of ${asked.url}`);
    });
  });
  registry.listen(0, '127.0.0.1');
  await once(registry, 'listening');
  host = `127.0.0.1:${(registry.address() as AddressInfo).port}`;
});
afterAll(async () => {
  registry.closeAllConnections();
  registry.close();
  await rm(directory, { recursive: true });
});

let proxy: RegistryProxy | undefined;
afterEach(async () => {
  await proxy?.close();
  seen.length = 0;
});

const open = async (terms: Partial<RegistryTerms> = {}) => {
  const refused: string[] = [];
  const given = { hosts: [host], refused: (one: string) => void refused.push(one), env: {}, ...terms };
  proxy = await RegistryProxy.listen(given, join(directory, 'r.sock'));
  return { refused, socketPath: proxy.socketPath };
};

const asks = async (socketPath: string, path: string, method = 'GET', body = '') => {
  const asking = request({ socketPath, path, method, headers: { authorization: 'Bearer own', 'proxy-connection': 'x', host: 'spoofed.example' } }); // prettier-ignore
  const answered = once(asking, 'response') as Promise<[IncomingMessage]>;
  asking.end(body);
  const [response] = await answered;
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk as string;
  return { status: response.statusCode, text, headers: response.headers };
};

/** All that comes back to these bytes until the other side closes. */
const raw = (socketPath: string, bytes: string): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect(socketPath);
    let text = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
    socket.write(bytes);
  });
const tunnel = (target: string) =>
  `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\nGET /in HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;

describe('the proxy of a set-up', () => {
  it('lets a granted registry through, by its whole address and by CONNECT', async () => {
    const { socketPath, refused } = await open();
    expect(await asks(socketPath, `http://${host}/words?a=1`)).toMatchObject({ status: 200, text: 'package of /words?a=1', headers: { 'x-registry': 'ours' } }); // prettier-ignore
    expect((await asks(socketPath, `http://${host}/audit`, 'POST', '{"a":1}')).status).toBe(200);
    expect(seen).toMatchObject([{ line: 'GET /words?a=1', headers: { host, authorization: 'Bearer own' } }, { line: 'POST /audit', body: '{"a":1}' }]); // prettier-ignore
    expect(seen[0]?.headers).not.toHaveProperty('proxy-connection');
    expect(await raw(socketPath, tunnel(host))).toMatch(/^HTTP\/1\.1 200 [^]*HTTP\/1\.1 200 OK[^]*package of \/in$/);
    expect(refused).toEqual([]);
    expect((await stat(socketPath)).mode & 0o777).toBe(0o666);
  });

  it('refuses every other host, and tells of each once', async () => {
    const { socketPath, refused } = await open();
    const [name, port] = host.split(':');
    for (const path of [
      'http://elsewhere.example/x',
      'http://elsewhere.example/y',
      `http://${name}:${Number(port) - 1}/`,
      `http://${host}@elsewhere.example/`,
    ])
      // prettier-ignore
      expect((await asks(socketPath, path)).status).toBe(403);
    for (const target of ['elsewhere.example:443', `${name}:22`, `${host}/..`, 'a b:443'])
      expect(await raw(socketPath, tunnel(target))).toMatch(/^HTTP\/1\.1 40[03] /);
    expect(refused).toEqual(['elsewhere.example', `${name}:${Number(port) - 1}`, `${name}:22`, expect.any(String)]);
    expect(seen).toEqual([]);
  });

  it.each(['/words', 'https://registry.example/x', 'ftp://registry.example/x'])('is no server of %s', async (path) => {
    const { socketPath } = await open({ hosts: ['registry.example'] });
    expect((await asks(socketPath, path)).status).toBe(400);
  });

  it('never leads to where clouds keep their secrets, whatever is granted', async () => {
    const { socketPath } = await open({ hosts: ['169.254.169.254', '127.0.0.1:1'] });
    expect((await asks(socketPath, 'http://169.254.169.254/latest')).status).toBe(403);
    expect(await raw(socketPath, tunnel('169.254.169.254:443'))).toMatch(/^HTTP\/1\.1 502 /);
    expect((await asks(socketPath, 'http://127.0.0.1:1/nobody-listens')).status).toBe(502);
  });

  it('goes through the proxy of its network, whose password stays outside, unless a host is exempt', async () => {
    const heads: string[] = [];
    const other = createTcpServer((near) => {
      near.once('data', (head: Buffer) => {
        heads.push(head.toString('latin1'));
        if (!head.toString('latin1').startsWith('CONNECT')) return near.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi'); // prettier-ignore
        near.write('HTTP/1.1 200 Fine\r\n\r\n');
        const far = connect(Number(host.split(':')[1]), '127.0.0.1');
        near.pipe(far).pipe(near);
        far.on('error', () => near.destroy());
      });
      near.on('error', () => undefined);
    });
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    const env = { http_proxy: `http://ada:s%40fe@127.0.0.1:${(other.address() as AddressInfo).port}` };
    const { socketPath } = await open({ env });
    expect(await raw(socketPath, tunnel(host))).toMatch(/package of \/in$/);
    expect((await asks(socketPath, `http://${host}/words`)).text).toBe('hi');
    const key = Buffer.from('ada:s@fe').toString('base64');
    expect(heads).toEqual([
      expect.stringMatching(new RegExp(`^CONNECT ${host} HTTP/1.1\r\n[^]*Proxy-Authorization: Basic ${key}`)),
      expect.stringMatching(new RegExp(`^GET http://${host}/words HTTP/1.1\r\n[^]*proxy-authorization: Basic ${key}`)),
    ]);
    await proxy?.close();
    const exempt = await open({ env: { ...env, NO_PROXY: 'example.org,127.0.0.1' } });
    expect((await asks(exempt.socketPath, `http://${host}/words`)).text).toBe('package of /words');
    expect(heads).toHaveLength(2);
    other.close();
  });

  it('ends every connection when it is closed, whoever would hold on to one', async () => {
    const { socketPath } = await open();
    const held = ['elsewhere.example:443', host].map((target) => {
      const socket = connect({ path: socketPath, allowHalfOpen: true });
      socket.on('error', () => undefined);
      socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
      return socket;
    });
    await Promise.all(held.map((socket) => once(socket, 'data')));
    await proxy?.close();
    for (const socket of held) socket.destroy();
    await expect(stat(socketPath)).rejects.toThrow('ENOENT');
  });
});
