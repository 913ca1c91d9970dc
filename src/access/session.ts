import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Token } from './token.js';

const SESSION_SECONDS = 7 * 24 * 3600;
const VALUE = /^(\d{10})\.([\w-]{43})$/;

export interface Session {
  /** What the cookie holds. */
  readonly value: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/**
 * Sessions of browsers. Nothing is stored: a session is its expiry, signed with the token, so it outlives the service
 * and works in every process with the same token. Another token ends all of them; one alone cannot be ended before
 * its time, only be forgotten by its browser.
 */
export class Sessions {
  /** Differs by token: cookies know no ports, and two services may run on one machine. */
  readonly cookieName: string;

  constructor(
    private readonly token: Token,
    private readonly now: () => number = Date.now,
  ) {
    this.cookieName = `hyper-run-${this.#sign('cookie name').slice(0, 8)}`;
  }

  begin(): Session {
    const seconds = Math.floor(this.now() / 1000) + SESSION_SECONDS;
    return { value: `${seconds}.${this.#sign(`session until ${seconds}`)}`, expiresAt: seconds * 1000 };
  }

  /** The session that a `Cookie` header holds, unless it is over or not ours. */
  find(cookies: string | undefined): Session | undefined {
    for (const cookie of cookies?.split(';') ?? []) {
      const [name, value = ''] = cookie.trim().split('=', 2);
      const session = name === this.cookieName ? this.#read(value) : undefined;
      if (session !== undefined) return session;
    }
    return undefined;
  }

  /** `Set-Cookie` for a session; for none, the one that makes the browser forget it. */
  setCookie(session: Session | undefined, isSecure: boolean): string {
    const flags = `Path=/; Max-Age=${session === undefined ? 0 : SESSION_SECONDS}; HttpOnly; SameSite=Strict`;
    return `${this.cookieName}=${session?.value ?? ''}; ${flags}${isSecure ? '; Secure' : ''}`;
  }

  #read(value: string): Session | undefined {
    const [, seconds = '', signature = ''] = VALUE.exec(value) ?? [];
    const expected = this.#sign(`session until ${seconds}`);
    if (signature === '' || !timingSafeEqual(Buffer.from(signature), Buffer.from(expected))) return undefined;
    const expiresAt = Number(seconds) * 1000;
    return expiresAt > this.now() ? { value, expiresAt } : undefined;
  }

  #sign(text: string): string {
    return createHmac('sha256', this.token.value).update(text).digest('base64url');
  }
}
