// What each provider is asked, and how. Whatever is not listed here is not forwarded.
import type { ModelGrant, ProviderName } from './grant.js';
import { READERS, type TokenReader } from './tokens.js';

export interface Endpoint {
  readonly method: 'GET' | 'POST';
  /** Below the path of the base URL, the version of the interface left out. `{model}` is the one that was granted. */
  readonly path: RegExp;
  /** Absent: it costs nothing. */
  readonly tokens?: TokenReader;
  /** A stream tells what it used only where the request asks for it. */
  readonly usageOnRequest?: true;
}

export interface Provider {
  readonly endpoints: readonly Endpoint[];
  readonly keyHeader: (key: string) => readonly [name: string, value: string];
}

const post = (path: RegExp, tokens: TokenReader, more: Partial<Endpoint> = {}): Endpoint => ({
  method: 'POST',
  path,
  tokens,
  ...more,
});
const free = (method: Endpoint['method'], path: RegExp): Endpoint => ({ method, path });

const OPENAI_COMPATIBLE: readonly Endpoint[] = [
  post(/^(?:chat\/)?completions$/, READERS.openAi, { usageOnRequest: true }),
  post(/^responses$/, READERS.openAiResponses),
  post(/^embeddings$/, READERS.openAi),
  free('GET', /^models(?:\/[\w./:@-]+)?$/),
];

const bearer: Provider['keyHeader'] = (key) => ['authorization', `Bearer ${key}`];

export const PROVIDERS: Readonly<Record<ProviderName, Provider>> = {
  'openai-compatible': { endpoints: OPENAI_COMPATIBLE, keyHeader: bearer },
  anthropic: {
    endpoints: [
      post(/^messages$/, READERS.anthropic),
      free('POST', /^messages\/count_tokens$/),
      free('GET', /^models(?:\/[\w.-]+)?$/),
    ],
    keyHeader: (key) => ['x-api-key', key],
  },
  google: {
    endpoints: [
      post(/^models\/[\w.-]+:(?:generateContent|streamGenerateContent)$/, READERS.google),
      free('POST', /^models\/[\w.-]+:countTokens$/),
      free('GET', /^models(?:\/[\w.-]+)?$/),
    ],
    keyHeader: (key) => ['x-goog-api-key', key],
  },
  ollama: {
    endpoints: [
      ...OPENAI_COMPATIBLE,
      post(/^api\/(?:chat|generate|embed)$/, READERS.ollama),
      free('POST', /^api\/show$/),
      free('GET', /^api\/(?:tags|version)$/),
    ],
    keyHeader: bearer,
  },
};

/** The path that a call goes to: below the base, and of a model that Google names there the granted one. */
export const pathOf = ({ provider, model }: ModelGrant, method: string, below: string): string =>
  provider === 'google' && method === 'POST' ? below.replace(/models\/[\w.-]+:/, `models/${model}:`) : below;
