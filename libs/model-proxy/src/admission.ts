// Who may ask, and for what: decided from the request line and the headers alone, before a byte of the body is read.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { HyperRunError } from '#contracts';
import type { ModelGrant } from './grant.js';
import type { BaseUrl } from './host.js';
import { pathOf, PROVIDERS, type Endpoint } from './providers.js';

export interface RequestHead {
  readonly method: string;
  /** As it came: path and query. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
}

export interface Admitted {
  readonly endpoint: Endpoint;
  /** Path and query at the provider. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Door {
  readonly grant: ModelGrant;
  readonly base: BaseUrl;
  readonly dummyKey: string;
}

const LONGEST_TARGET = 2048;
const PLAIN = /^\/[A-Za-z0-9_.~:@$&+,=/-]*$/;
const VERSION = /^v\d+(?:(?:alpha|beta)\d*)?$/;

/** @throws HyperRunError model.key-wrong, model.request-refused */
export const admit = ({ grant, base, dummyKey }: Door, { method, target, headers }: RequestHead): Admitted => {
  const query = target.indexOf('?');
  const path = query < 0 ? target : target.slice(0, query);
  const parameters = new URLSearchParams(query < 0 ? '' : target.slice(query + 1));
  if (!keysIn(headers, parameters).some((key) => same(key, dummyKey)))
    throw new HyperRunError('model.key-wrong', 'Expected the key that this attempt was given.');
  const below = belowBase(base, path, target.length);
  const bare = below.replace(/^[^/]+\//, (first) => (VERSION.test(first.slice(0, -1)) ? '' : first));
  const endpoint = PROVIDERS[grant.provider].endpoints.find((one) => one.method === method && one.path.test(bare));
  if (endpoint === undefined) throw refused(`${method.slice(0, 20)} ${path.slice(0, 200)} is not a call of a model.`);
  return {
    endpoint,
    path: `${base.path}/${pathOf(grant, method, below)}${forwardedQuery(parameters)}`,
    headers: forwardedHeaders(headers),
  };
};

const refused = (why: string) =>
  new HyperRunError('model.request-refused', `Only calls of the granted model pass: ${why}`);

/** The path below that of the base URL; a version that the agent's program adds once more is taken once. */
const belowBase = (base: BaseUrl, path: string, length: number): string => {
  const segments = path.split('/').slice(1);
  const isPlain = PLAIN.test(path) && !segments.some((part) => part === '' || part === '.' || part === '..');
  if (length > LONGEST_TARGET || !isPlain || !path.startsWith(`${base.path}/`))
    throw refused(`${path.slice(0, 200)} is not a plain path below ${base.path}/.`);
  const below = path.slice(base.path.length + 1);
  const last = base.path.split('/').at(-1) ?? '';
  return VERSION.test(last) && below.startsWith(`${last}/`) ? below.slice(last.length + 1) : below;
};

const keysIn = (headers: IncomingHttpHeaders, parameters: URLSearchParams): string[] =>
  [
    /^bearer\s+(\S+)$/i.exec(headers.authorization ?? '')?.[1],
    headers['x-api-key'],
    headers['x-goog-api-key'],
    parameters.get('key') ?? undefined,
  ].flatMap((key) => key ?? []);

const same = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

const PARAMETERS = ['alt', 'beta', 'api-version', 'pageSize', 'pageToken', 'limit', 'after_id', 'before_id'];

const forwardedQuery = (parameters: URLSearchParams): string => {
  const kept = [...parameters].filter(([name, value]) => PARAMETERS.includes(name) && /^[\w.-]{1,200}$/.test(value));
  return kept.length === 0 ? '' : `?${new URLSearchParams(kept)}`;
};

const HEADERS = ['anthropic-version', 'anthropic-beta', 'openai-beta'];

const forwardedHeaders = (headers: IncomingHttpHeaders): Record<string, string> => ({
  accept: /event-stream/i.test(headers.accept ?? '') ? 'text/event-stream' : 'application/json',
  ...Object.fromEntries(
    HEADERS.flatMap((name) => {
      const value = headers[name];
      return typeof value === 'string' && /^[\w.,; =-]{1,1000}$/.test(value) ? [[name, value]] : [];
    }),
  ),
});
