export type Headers = Readonly<Record<string, string>>;

export interface Answer<Body> {
  readonly status: number;
  readonly headers: globalThis.Headers;
  /** JSON where it is JSON, else the text. */
  readonly body: Body;
}

/** RFC 9457, as the service words it. */
export interface Problem {
  readonly code: string;
  readonly detail: string;
  readonly status: number;
}

/** The HTTP interface of a service, with its token. Whatever the status: an answer, no exception. */
export class Api {
  constructor(
    readonly url: string,
    readonly token: string,
  ) {}

  get<Body = Problem>(path: string, headers?: Headers): Promise<Answer<Body>> {
    return this.send<Body>('GET', path, undefined, headers);
  }

  post<Body = Problem>(path: string, body?: unknown, headers?: Headers): Promise<Answer<Body>> {
    return this.send<Body>('POST', path, body, headers);
  }

  patch<Body = Problem>(path: string, body: unknown, headers?: Headers): Promise<Answer<Body>> {
    return this.send<Body>('PATCH', path, body, headers);
  }

  async send<Body>(method: string, path: string, body?: unknown, headers: Headers = {}): Promise<Answer<Body>> {
    const response = await this.raw(method, path, body === undefined ? undefined : JSON.stringify(body), {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    });
    const text = await response.text();
    const isJson =
      response.headers.get('content-type')?.includes('json') === true &&
      !/ndjson|json-seq/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, headers: response.headers, body: (isJson ? JSON.parse(text) : text) as Body };
  }

  /** A request whose bytes are chosen freely. */
  raw(method: string, path: string, body?: string, headers: Headers = {}): Promise<Response> {
    return fetch(this.url + path, { method, body, headers: { authorization: `Bearer ${this.token}`, ...headers } });
  }
}
