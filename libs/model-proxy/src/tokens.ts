// What a call used, as its provider counts it, and what that costs.
import type { Prices } from './grant.js';

export interface Tokens {
  /** All that went in, what came from the provider's cache included. */
  readonly input: number;
  readonly cached: number;
  readonly output: number;
}

export interface CallUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** US dollars; 0 where no price is known. */
  readonly cost: number;
}

const MILLION = 1_000_000;
/** No call is that large: whatever a provider says beyond it is not a count. */
const MOST = 1_000_000_000;

export const usageOf = ({ input, cached, output }: Tokens, prices: Prices | undefined): CallUsage => {
  const fresh = Math.max(0, input - cached);
  const cost =
    prices === undefined
      ? 0
      : (fresh * prices.input +
          Math.min(cached, input) * (prices.cachedInput ?? prices.input) +
          output * prices.output) /
        MILLION;
  return { inputTokens: input, outputTokens: output, cost };
};

/** Where no provider counts: about four characters of English text or code are a token. */
export const estimate = (charactersIn: number, charactersOut: number): Pick<Tokens, 'input' | 'output'> => ({
  input: Math.ceil(charactersIn / 4),
  output: Math.ceil(charactersOut / 4),
});

type Json = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const at = (value: unknown, ...names: readonly string[]): unknown =>
  names.reduce<unknown>((found, name) => (isObject(found) ? found[name] : undefined), value);

const count = (value: unknown): number =>
  typeof value === 'number' && value > 0 ? Math.min(MOST, Math.round(value)) : 0;

const sum = (value: unknown, ...names: readonly string[]): number =>
  names.reduce((total, name) => total + count(at(value, name)), 0);

/** The counts in one JSON text of an answer, be it the whole answer or one event of a stream; undefined: there are none. */
export type TokenReader = (json: unknown) => Tokens | undefined;

const openAi: TokenReader = (json) => {
  const usage = at(json, 'usage');
  if (!isObject(usage)) return undefined;
  const input = count(usage['prompt_tokens']);
  // Some count the tokens of reasoning only in the total.
  const output = Math.max(count(usage['completion_tokens']), count(usage['total_tokens']) - input);
  return { input, cached: count(at(usage, 'prompt_tokens_details', 'cached_tokens')), output };
};

const openAiResponses: TokenReader = (json) => {
  const usage = at(json, 'response', 'usage') ?? at(json, 'usage');
  if (!isObject(usage)) return undefined;
  const cached = count(at(usage, 'input_tokens_details', 'cached_tokens'));
  return { input: count(usage['input_tokens']), cached, output: count(usage['output_tokens']) };
};

const anthropic: TokenReader = (json) => {
  const usage = at(json, 'message', 'usage') ?? at(json, 'usage');
  if (!isObject(usage)) return undefined;
  const cached = count(usage['cache_read_input_tokens']);
  const input = sum(usage, 'input_tokens', 'cache_creation_input_tokens') + cached;
  return { input, cached, output: count(usage['output_tokens']) };
};

const google: TokenReader = (json) => {
  const usage = at(json, 'usageMetadata');
  if (!isObject(usage)) return undefined;
  return {
    input: sum(usage, 'promptTokenCount', 'toolUsePromptTokenCount'),
    cached: count(usage['cachedContentTokenCount']),
    output: sum(usage, 'candidatesTokenCount', 'thoughtsTokenCount'),
  };
};

const ollama: TokenReader = (json) => {
  if (!isObject(json) || (json['eval_count'] === undefined && json['prompt_eval_count'] === undefined))
    return undefined;
  return { input: count(json['prompt_eval_count']), cached: 0, output: count(json['eval_count']) };
};

export const READERS = { openAi, openAiResponses, anthropic, google, ollama } as const;
