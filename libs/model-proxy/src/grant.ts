/** US dollars per million tokens. */
export interface Prices {
  readonly input: number;
  readonly output: number;
  readonly cachedInput?: number | undefined;
}

export type ProviderName = 'openai-compatible' | 'anthropic' | 'google' | 'ollama';

/** What an approved plan lets an attempt do with a model, and what the service adds. */
export interface ModelGrant {
  readonly provider: ProviderName;
  /** The one model: it answers whatever other one a request names. */
  readonly model: string;
  /** The address that calls go below. */
  readonly baseUrl: string;
  /** The host that whoever approved the plan has read; another one in `baseUrl` is refused. */
  readonly host: string;
  /** Absent: none is needed. */
  readonly key?: string | undefined;
  readonly prices?: Prices | undefined;
}
