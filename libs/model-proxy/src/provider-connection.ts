import { Agent, type IncomingMessage, request as plainRequest } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import { HyperRunError } from '#contracts';
import { connectName, shownHost, type BaseUrl } from './host.js';
import { PinnedHost } from './pinned-host.js';

export interface Outgoing {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly signal: AbortSignal;
}

/** Connections to one host, whose name is looked up once. */
export class ProviderConnection {
  readonly shown: string;
  readonly #pinned: PinnedHost;
  readonly #agent: Agent;

  constructor(
    private readonly base: BaseUrl,
    private readonly firstByteMs: number,
    sockets: number,
  ) {
    this.shown = shownHost(base);
    this.#pinned = new PinnedHost(base);
    const options = { keepAlive: true, maxSockets: sockets };
    this.#agent = base.secure ? new SecureAgent(options) : new Agent(options);
  }

  /**
   * Resolves with the head of the answer; its body is still to come.
   * @throws HyperRunError model.unreachable, model.timed-out, model.redirected, model.unreadable
   */
  async send({ method, path, headers, body, signal }: Outgoing): Promise<IncomingMessage> {
    const lookup = await this.#pinned.lookup();
    const { base } = this;
    const start = base.secure ? secureRequest : plainRequest;
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const outgoing = start({
        agent: this.#agent,
        host: connectName(base),
        port: base.port,
        lookup,
        method,
        path,
        headers: { ...headers, host: shownHost(base), 'accept-encoding': 'identity', 'content-length': body.length },
        signal,
      });
      const tooLate = setTimeout(() => outgoing.destroy(this.#tooLate()), this.firstByteMs);
      outgoing.once('close', () => clearTimeout(tooLate));
      outgoing.once('response', (response) => {
        clearTimeout(tooLate);
        resolve(response);
      });
      outgoing.once('error', (error) => reject(this.#unreachable(error)));
      outgoing.end(body);
    });
    return this.#readable(answer);
  }

  close(): void {
    this.#agent.destroy();
  }

  #readable(answer: IncomingMessage): IncomingMessage {
    const status = answer.statusCode ?? 0;
    const encoding = answer.headers['content-encoding'] ?? 'identity';
    const isRedirect = status >= 300 && status < 400;
    if (!isRedirect && encoding === 'identity') return answer;
    answer.destroy();
    throw isRedirect
      ? new HyperRunError('model.redirected', `${this.shown} answered ${status}: redirects are not followed.`, {}, 'operator') // prettier-ignore
      : new HyperRunError('model.unreadable', `${this.shown} answered in ${JSON.stringify(encoding.slice(0, 40))}, which was not asked for.`, {}, 'operator'); // prettier-ignore
  }

  #tooLate(): HyperRunError {
    const seconds = this.firstByteMs / 1000;
    return new HyperRunError('model.timed-out', `${this.shown} did not answer within ${seconds} s.`, {}, 'retry');
  }

  #unreachable(error: Error): Error {
    if (error.name === 'HyperRunError' || error.name === 'AbortError') return error;
    const why = 'code' in error && typeof error.code === 'string' ? error.code : error.message;
    return new HyperRunError('model.unreachable', `${this.shown} cannot be reached: ${why}.`, {}, 'retry', {
      cause: error,
    });
  }
}
