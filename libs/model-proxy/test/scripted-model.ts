import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly json: Readonly<Record<string, unknown>>;
}

export interface ScriptedAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A value is sent as JSON, a list of texts as a stream, one write each. */
  readonly json?: unknown;
  readonly chunks?: readonly (string | Buffer)[];
  /** The connection breaks after the chunks, or nothing more ever comes. */
  readonly then?: 'break' | 'hang';
}

/** A provider of models on a loopback port that says what a test wants, and keeps what it was asked. */
export interface ScriptedModel {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly host: string;
  readonly seen: readonly SeenRequest[];
  close(): Promise<void>;
}

export const scriptedModel = async (
  answer: (request: SeenRequest, nth: number) => ScriptedAnswer | Promise<ScriptedAnswer>,
): Promise<ScriptedModel> => {
  const seen: SeenRequest[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      const { method = '', url = '', headers } = request;
      const json = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
      seen.push({ method, url, headers, text, json });
      void send(response, answer(seen[seen.length - 1] as SeenRequest, seen.length));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { url: `http://${host}`, host, seen, close };
};

const send = async (response: ServerResponse, scripted: ScriptedAnswer | Promise<ScriptedAnswer>): Promise<void> => {
  const { status = 200, headers = {}, json, chunks = [], then } = await scripted;
  const type = chunks.length > 0 ? 'text/event-stream' : 'application/json';
  response.writeHead(status, { 'content-type': type, ...headers });
  for (const chunk of chunks) await new Promise<void>((resolve) => response.write(chunk, () => resolve()));
  if (then === 'break') response.destroy();
  else if (then !== 'hang') response.end(json === undefined ? '' : JSON.stringify(json));
};

/** One event of a stream. */
export const sse = (data: unknown, event?: string): string =>
  `${event === undefined ? '' : `event: ${event}\n`}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
