import { once } from 'node:events';
import { chmod, rm } from 'node:fs/promises';
import { createServer, request as plainRequest, type IncomingHttpHeaders, type IncomingMessage, type Server, type ServerResponse } from 'node:http'; // prettier-ignore
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { isHyperRunError } from '#contracts';
import { connectName, parseHost, sameHost, type Host } from './host.js';
import { PinnedHost } from './pinned-host.js';
import { openTunnel, upstreamFor } from './upstream.js';

export interface RegistryTerms {
  /** `name` or `name:port`, as the approved plan has them; without a port those of http and https. */
  readonly hosts: readonly string[];
  /** A host that was asked for and is not granted, as it was named; each is told once. */
  readonly refused: (host: string) => void;
  /** Where the network's own proxy is named. Default: that of the service. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

const CONNECTIONS = 128;
const LARGEST_HEAD = 16 * 1024;
const HEAD_MS = 30_000;
const CONNECT_MS = 30_000;
const IDLE_MS = 300_000;
const MOST_TOLD = 20;
const PORTS = { http: 80, https: 443 } as const;

/**
 * The way of a set-up to its package registries, for commands that can reach nothing else: a proxy for HTTP on a Unix socket,
 * by CONNECT and by whole addresses. Only granted hosts pass, each looked up once; whatever else is asked for is refused, and
 * told. What passes is not read: it may be encrypted.
 */
export class RegistryProxy {
  readonly #granted: readonly PinnedHost[];
  readonly #told = new Set<string>();
  readonly #sockets = new Set<Duplex>();
  readonly #server: Server;

  private constructor(
    private readonly terms: RegistryTerms,
    readonly socketPath: string,
  ) {
    this.#granted = terms.hosts.flatMap(hostsOf).map((host) => new PinnedHost(host));
    this.#server = createServer(
      { maxHeaderSize: LARGEST_HEAD, headersTimeout: HEAD_MS, requestTimeout: 0 },
      (request, response) => void this.#forward(request, response),
    );
    this.#server.maxConnections = CONNECTIONS;
    this.#server.on('connection', (socket: Duplex) => this.#keep(socket));
    this.#server.on('connect', (request: IncomingMessage, socket: Duplex, head: Buffer) => void this.#connect(request.url ?? '', socket, head)); // prettier-ignore
    this.#server.on('upgrade', (_request: IncomingMessage, socket: Duplex) => socket.end(answer(400)));
    this.#server.on('clientError', (_error: Error, socket: Duplex) => (socket.writable ? socket.end(answer(400)) : socket.destroy())); // prettier-ignore
  }

  /**
   * Anybody who can reach the path may connect: its folder has to be private.
   * @throws HyperRunError network.invalid-host
   */
  static async listen(terms: RegistryTerms, socketPath: string): Promise<RegistryProxy> {
    const proxy = new RegistryProxy(terms, socketPath);
    await rm(socketPath, { force: true });
    proxy.#server.listen(socketPath);
    await once(proxy.#server, 'listening');
    // Commands in the sandbox have another user id; the folder keeps everybody else out.
    await chmod(socketPath, 0o666);
    return proxy;
  }

  /** Ends all connections. May be called again. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    await rm(this.socketPath, { force: true });
  }

  async #connect(target: string, near: Duplex, head: Buffer): Promise<void> {
    near.on('error', () => near.destroy());
    const granted = this.#grantedFor(target, PORTS.https);
    if (granted === undefined) return void near.end(answer(403));
    try {
      const far = await openTunnel(granted, upstreamFor(granted.host, true, this.#env), CONNECT_MS);
      this.#keep(far);
      far.setTimeout(IDLE_MS, () => far.destroy());
      near.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      if (head.length > 0) far.write(head);
      await Promise.all([pipeline(near, far), pipeline(far, near)]).catch(() => undefined);
    } catch {
      near.end(answer(502));
    }
  }

  async #forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refuse = (status: number) => response.writeHead(status, { connection: 'close' }).end();
    const url = URL.parse(request.url ?? '');
    const granted = url?.protocol === 'http:' ? this.#grantedFor(url.host, PORTS.http) : undefined;
    if (url === null || granted === undefined) return void refuse(url?.protocol === 'http:' ? 403 : 400);
    try {
      const far = await this.#ask(granted, url, request);
      response.writeHead(far.statusCode ?? 502, endToEnd(far.headers));
      await pipeline(far, response);
    } catch (error) {
      if (response.headersSent) response.destroy();
      else refuse(isHyperRunError(error, 'network.forbidden-address') ? 403 : 502);
    }
  }

  async #ask(granted: PinnedHost, url: URL, request: IncomingMessage): Promise<IncomingMessage> {
    const { host } = granted;
    const upstream = upstreamFor(host, false, this.#env);
    const next = upstream === undefined ? granted : new PinnedHost(upstream.host);
    const asking = plainRequest({
      host: connectName(next.host),
      port: next.host.port,
      lookup: await next.lookup(),
      method: request.method,
      path: upstream === undefined ? url.pathname + url.search : url.href,
      headers: {
        ...endToEnd(request.headers),
        host: url.host,
        ...(upstream?.authorization === undefined ? {} : { 'proxy-authorization': upstream.authorization }),
      },
      timeout: IDLE_MS,
    });
    asking.on('timeout', () => asking.destroy());
    request.once('close', () => request.complete || asking.destroy());
    const answered = once(asking, 'response') as Promise<[IncomingMessage]>;
    request.pipe(asking);
    const [far] = await answered;
    return far;
  }

  #grantedFor(target: string, port: number): PinnedHost | undefined {
    let host: Host;
    try {
      host = parseHost(target, port);
    } catch {
      this.#tell(target);
      return undefined;
    }
    const granted = this.#granted.find((one) => sameHost(one.host, host));
    if (granted === undefined) this.#tell(host.port === port ? host.name : `${host.name}:${host.port}`);
    return granted;
  }

  #tell(host: string): void {
    const shown = host.slice(0, 255);
    if (this.#told.has(shown) || this.#told.size >= MOST_TOLD) return;
    this.#told.add(shown);
    this.terms.refused(shown);
  }

  #keep(socket: Duplex): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  get #env(): Readonly<Record<string, string | undefined>> {
    return this.terms.env ?? process.env;
  }
}

/** A name without a port means the same registry by http and by https. */
const hostsOf = (text: string): Host[] => {
  const host = parseHost(text, 0);
  return host.port === 0 ? Object.values(PORTS).map((port) => ({ ...host, port })) : [host];
};

const REASONS = { 400: 'Bad Request', 403: 'Forbidden', 502: 'Bad Gateway' } as const;
const answer = (status: keyof typeof REASONS) => `HTTP/1.1 ${status} ${REASONS[status]}\r\nConnection: close\r\n\r\n`;

/** What is between two neighbours only goes no further. */
const HOP_BY_HOP = /^(?:connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|host)$/;

const endToEnd = (headers: IncomingHttpHeaders): IncomingHttpHeaders =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.test(name)));
