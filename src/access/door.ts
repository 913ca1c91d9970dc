import { HyperRunError } from '#contracts';
import type { Config } from '../config/config.js';
import type { Token } from './token.js';

export interface Visitor {
  readonly method: string;
  readonly path: string;
  readonly host?: string;
  readonly origin?: string;
  readonly authorization?: string;
}

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];
const OPEN_PATH = '/health/live';

/** Whoever holds the token. One person owns a service. */
export const OWNER = 'person:owner';

/**
 * Who may come in. A foreign Host is refused so that no web page can reach the service by a name of its own (DNS
 * rebinding), a foreign Origin so that none can call it from a browser; then the token decides.
 */
export class Door {
  readonly #hosts: ReadonlySet<string>;

  constructor(
    config: Pick<Config, 'host' | 'allowedHosts'>,
    private readonly token: Token,
  ) {
    this.#hosts = new Set([...LOOPBACK, config.host, ...config.allowedHosts].map(bracketed));
  }

  /** @throws HyperRunError `access.host-refused`, `access.origin-refused`, `access.token-missing`, `access.token-wrong` */
  admit(visitor: Visitor): string | undefined {
    this.#checkHost(visitor.host);
    this.#checkOrigin(visitor.origin, visitor.host);
    if (visitor.path === OPEN_PATH) return undefined;
    return this.#checkToken(visitor.authorization);
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

  #checkToken(authorization: string | undefined): string {
    const given = authorization === undefined ? undefined : /^Bearer +(\S+)$/i.exec(authorization)?.[1];
    if (given === undefined)
      throw new HyperRunError(
        'access.token-missing',
        'A token is needed: `Authorization: Bearer <token>`. It stands in the file `token` of the data directory.',
      );
    if (this.token.matches(given)) return OWNER;
    throw new HyperRunError(
      'access.token-wrong',
      'This is not the token of this service. See the file `token` of its data directory.',
    );
  }
}

const nameOf = (host: string) => host.toLowerCase().replace(/:\d{1,5}$/, '');
const bracketed = (host: string) => (host.includes(':') && !host.startsWith('[') ? `[${host}]` : host).toLowerCase();
