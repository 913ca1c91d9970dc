import { once } from 'node:events';
import { chmod, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ModelCalls } from './model-calls.js';
import { refusal, refusalOf, type Refusal } from './refusal.js';

const CONNECTIONS = 32;
const LARGEST_HEAD = 16 * 1024;
const HEAD_MS = 30_000;
const KEEP_ALIVE_MS = 60_000;

/**
 * The way of one attempt to its model, for a program that can reach nothing else: an HTTP server on a Unix socket. Whatever
 * comes in may be hostile; it is answered by the granted model, by a refusal, or by nothing.
 */
export class ModelProxy {
  private constructor(
    private readonly server: Server,
    readonly socketPath: string,
  ) {}

  /** Anybody who can reach the path may connect: its folder has to be private. */
  static async listen(calls: ModelCalls, socketPath: string): Promise<ModelProxy> {
    const server = createServer(
      { maxHeaderSize: LARGEST_HEAD, headersTimeout: HEAD_MS, requestTimeout: 0, keepAliveTimeout: KEEP_ALIVE_MS },
      (request, response) => void answer(calls, request, response),
    );
    server.maxConnections = CONNECTIONS;
    server.on('connect', (_request: IncomingMessage, socket: Duplex) => socket.end('HTTP/1.1 405 Method Not Allowed\r\nConnection: close\r\n\r\n')); // prettier-ignore
    server.on('upgrade', (_request: IncomingMessage, socket: Duplex) => socket.end(BAD_REQUEST));
    server.on('clientError', (_error: Error, socket: Duplex) => (socket.writable ? socket.end(BAD_REQUEST) : socket.destroy())); // prettier-ignore
    await rm(socketPath, { force: true });
    server.listen(socketPath);
    await once(server, 'listening');
    // The program in the sandbox has another user id; the folder keeps everybody else out.
    await chmod(socketPath, 0o666);
    return new ModelProxy(server, socketPath);
  }

  /** Ends all connections. May be called again. */
  async close(): Promise<void> {
    if (!this.server.listening) return;
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
    await rm(this.socketPath, { force: true });
  }
}

const BAD_REQUEST = 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n';

const answer = async (calls: ModelCalls, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const gone = new AbortController();
  response.once('close', () => gone.abort(new Error('The client has gone.')));
  try {
    const { method = '', url = '', headers } = request;
    const answered = await calls.answer({ method, target: url, headers, body: request, signal: gone.signal });
    response.writeHead(answered.status, answered.headers);
    response.flushHeaders();
    await pipeline(answered.body, response);
  } catch (error) {
    if (response.headersSent) response.destroy();
    else refuse(response, refusalOf(error) ?? refusal(403, 'model.not-now', sentenceOf(error)));
  }
};

/** Without reading the rest of the request. */
const refuse = (response: ServerResponse, { status, body }: Refusal): void => {
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
  response.end(body);
};

const sentenceOf = (error: unknown): string => (error instanceof Error ? error.message : 'No call may be made.');
