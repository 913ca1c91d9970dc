import { HyperRunError } from '#contracts';
import type { Config } from '../config/config.js';
import type { Sessions } from './session.js';
import type { Token } from './token.js';

export interface Visitor {
  readonly method: string;
  readonly path: string;
  readonly host?: string;
  readonly origin?: string;
  readonly authorization?: string;
  readonly cookie?: string;
  /** `Sec-Fetch-Site` and `Sec-Fetch-Mode`: what the browser says about the page that is calling. */
  readonly fetchSite?: string;
  readonly fetchMode?: string;
}

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/** What nobody need be known for: signs of life, the way in, and the web app as it is published, without any data. */
const OPEN = ['GET /health/live', 'GET /enter', 'POST /session', 'GET /favicon.svg'];
const OPEN_FOLDER = 'GET /assets/';

/** Whoever holds the token. One person owns a service. */
export const OWNER = 'person:owner';

/**
 * Who may come in. A foreign Host is refused so that no web page can reach the service by a name of its own (DNS
 * rebinding), a foreign Origin so that none can call it from a browser; then the token decides, or a browser's session.
 */
export class Door {
  readonly #hosts: ReadonlySet<string>;

  constructor(
    config: Pick<Config, 'host' | 'allowedHosts'>,
    private readonly token: Token,
    private readonly sessions: Sessions,
  ) {
    this.#hosts = new Set([...LOOPBACK, config.host, ...config.allowedHosts].map(bracketed));
  }

  /** @throws HyperRunError `access.host-refused`, `access.origin-refused`, `access.token-missing`, `access.token-wrong` */
  admit(visitor: Visitor): string | undefined {
    this.#checkHost(visitor.host);
    this.#checkOrigin(visitor.origin, visitor.host);
    if (isOpen(visitor)) return undefined;
    if (visitor.authorization !== undefined || this.sessions.find(visitor.cookie) === undefined)
      return this.#checkToken(visitor.authorization);
    this.#checkCaller(visitor);
    return OWNER;
  }

  /** The same for a message of the Redis transport, which carries the token in its body. */
  admitToken(token: unknown): string {
    return this.#checkToken(typeof token === 'string' ? `Bearer ${token}` : undefined);
  }

  #checkHost(host: string | undefined): void {
    if (host !== undefined && this.#hosts.has(nameOf(host))) return;
    throw new HyperRunError(
      'access.host-refused',
      'Host: this service is not known under that name. Its operator can add it with HYPER_RUN_ALLOWED_HOSTS.',
    );
  }

  #checkOrigin(origin: string | undefined, host: string | undefined): void {
    if (origin === undefined) return;
    if (URL.canParse(origin) && new URL(origin).host === host?.toLowerCase()) return;
    throw new HyperRunError('access.origin-refused', 'Origin: pages of other sites may not call this service.');
  }

  /**
   * A browser sends the cookie along for whoever makes it call; SameSite knows no ports. So a write must say that it
   * comes from a page of ours. What only reads may also be navigated to; browsers leave Origin out there.
   */
  #checkCaller({ method, origin, fetchSite, fetchMode }: Visitor): void {
    const reads = ['GET', 'HEAD'].includes(method);
    const isOurs = fetchSite === undefined || ['same-origin', 'none'].includes(fetchSite) || fetchMode === 'navigate';
    if (reads ? isOurs : origin !== undefined) return;
    throw new HyperRunError('access.origin-refused', 'Origin: a session is for the pages of this service alone.');
  }

  #checkToken(authorization: string | undefined): string {
    const given = authorization === undefined ? undefined : /^Bearer +(\S+)$/i.exec(authorization)?.[1];
    if (given === undefined)
      throw new HyperRunError(
        'access.token-missing',
        'A token is needed: `Authorization: Bearer <token>`. It stands in the file `token` of the data directory. For a browser: hyper-run open',
      );
    if (this.token.matches(given)) return OWNER;
    throw new HyperRunError(
      'access.token-wrong',
      'This is not the token of this service. See the file `token` of its data directory.',
    );
  }
}

const isOpen = ({ method, path }: Visitor): boolean => {
  const asked = `${method === 'HEAD' ? 'GET' : method} ${path}`;
  return OPEN.includes(asked) || asked.startsWith(OPEN_FOLDER);
};
const nameOf = (host: string) => host.toLowerCase().replace(/:\d{1,5}$/, '');
const bracketed = (host: string) => (host.includes(':') && !host.startsWith('[') ? `[${host}]` : host).toLowerCase();
