import { once } from 'node:events';
import { request as ask } from 'node:http';
import {
  createSecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { makeCertificate } from './certificate.js';

/** Stands in front of a service as an operator would put a proxy there: TLS and HTTP/2 outside, HTTP/1.1 inside. */
export interface Http2Proxy {
  readonly url: string;
  /** Connections that are open. */
  readonly connections: number;
  /** Breaks all of them off, as a network does. */
  cut(): void;
  close(): Promise<void>;
}

/** Belong to one connection of HTTP/1.1 (RFC 9113, 8.2.2). */
const OF_ONE_CONNECTION = ['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'proxy-connection'];

const passOn = (target: string) => (request: Http2ServerRequest, response: Http2ServerResponse) => {
  const own = Object.entries(request.headers).filter(([name]) => !name.startsWith(':'));
  const headers = { ...Object.fromEntries(own), host: request.authority };
  const inside = ask(new URL(request.url, target), { method: request.method, headers }, (answer) => {
    const kept = Object.entries(answer.headers).filter(([name]) => !OF_ONE_CONNECTION.includes(name));
    response.writeHead(answer.statusCode ?? 502, Object.fromEntries(kept));
    answer.pipe(response);
    answer.once('error', () => response.stream.destroy());
  });
  inside.once('error', () => response.stream.destroy());
  response.once('close', () => inside.destroy());
  request.pipe(inside);
};

export const openHttp2Proxy = async (target: string): Promise<Http2Proxy> => {
  const { key, cert } = makeCertificate();
  const server = createSecureServer({ key, cert }, passOn(target));
  const sessions = new Set<ServerHttp2Session>();
  server.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
    session.on('error', () => undefined); // it is closed then
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => sessions.forEach((session) => session.destroy());
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get connections() {
      return sessions.size;
    },
    cut,
    close: async () => {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
};
