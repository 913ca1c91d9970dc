import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { HyperRunError, isHyperRunError } from '#contracts';
import type { Address } from './address.js';
import { Page, Problem } from './api.js';
import { unreachable } from './exit-codes.js';
import { clean, parseClean } from './text.js';

const ATTEMPTS = 3;
const RESEND_MS = 300;

export interface Call {
  readonly method?: 'GET' | 'POST' | 'PATCH';
  readonly body?: unknown;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

interface Listing<T extends z.ZodType> {
  readonly items: z.infer<T>[];
  readonly next?: string | null;
}

/**
 * The service, by HTTP. Texts that it hands on are harmless for a terminal, unless the client is `verbatim`, which is
 * for `--json` and files. Throws `HyperRunError`: `service.unreachable` when nobody answers, else the service's own code
 * with `details.status`.
 */
export class ServiceClient {
  constructor(
    readonly address: Address,
    private readonly texts: 'clean' | 'verbatim' = 'clean',
  ) {}

  async get<T extends z.ZodType>(schema: T, path: string, query?: Call['query']): Promise<z.infer<T>> {
    return this.parse(schema, path, await this.text(path, { query }));
  }

  /** Sent again under the same id while its outcome is unknown; the service does it once. */
  async send<T extends z.ZodType>(schema: T, method: 'POST' | 'PATCH', path: string, body: unknown, headers = {}) {
    const call = { method, body, headers: { 'idempotency-key': randomUUID(), ...headers } };
    for (let attempt = 1; ; attempt += 1) {
      try {
        return this.parse(schema, path, await this.text(path, call));
      } catch (error) {
        if (attempt === ATTEMPTS || !isHyperRunError(error, 'log.outcome-unknown')) throw error;
      }
      await wait(RESEND_MS);
    }
  }

  /** Every item of a paged list, page after page. */
  async *items<T extends z.ZodType>(item: T, path: string, query: Call['query'] = {}): AsyncGenerator<z.infer<T>> {
    let after: string | undefined;
    for (;;) {
      const page: Listing<T> = await this.get(Page(item), path, { ...query, ...(after && { after }) });
      yield* page.items;
      if (page.items.length === 0 || page.next == null || page.next === after) return;
      after = page.next;
    }
  }

  /** The body as the service sent it, not yet harmless. */
  async text(path: string, call: Call = {}): Promise<string> {
    return (await this.request(path, call)).text();
  }

  /** The open response; throws unless it is a success. */
  async request(
    path: string,
    { method = 'GET', body, query = {}, headers = {}, signal }: Call = {},
  ): Promise<Response> {
    const url = new URL(this.address.url + path);
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) url.searchParams.set(name, String(value));
    const response = await this.reach(url, {
      method,
      signal: signal ?? null,
      headers: {
        authorization: `Bearer ${this.address.token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw await this.problem(response);
    return response;
  }

  private async reach(url: URL, init: RequestInit): Promise<Response> {
    try {
      return await fetch(url, init);
    } catch (error) {
      if (init.signal?.aborted) throw error;
      throw unreachable(`No service answers at ${this.address.url}. Start one: hyper-run up`, error);
    }
  }

  private async problem(response: Response): Promise<HyperRunError> {
    const text = await response.text();
    const parsed = Problem.safeParse(readJson(text, 'clean') ?? {});
    const { title, detail, code, ...rest } = parsed.success ? parsed.data : {};
    const message = detail ?? title ?? `The service answered ${response.status} ${clean(response.statusText)}.`;
    return new HyperRunError(code ?? `http.${response.status}`, message, { ...rest, status: response.status });
  }

  private parse<T extends z.ZodType>(schema: T, path: string, text: string): z.infer<T> {
    const value = readJson(text, this.texts);
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    const field = issue?.path.join('.') || 'the body';
    throw new HyperRunError(
      'service.answer',
      `${path} answered something unexpected: ${field}: ${issue?.message}. Do service and command line have the same version?`,
    );
  }
}

/** The value; undefined when it is not JSON. */
const readJson = (text: string, mode: 'clean' | 'verbatim'): unknown => {
  try {
    return mode === 'clean' ? parseClean(text) : JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
};
