// The one place that knows the AI SDK's providers. Loaded when the first model is called: most services never call one.
import type { LanguageModel } from 'ai';
import type { ModelDefinition } from '../definition.js';
import type { ModelAccess } from '../workplace.js';

export type Sdk = typeof import('ai');

/** Providers whose calls the SDK knows how to make; Google has an OpenAI-compatible address too. */
export const SPOKEN: readonly ModelDefinition['provider'][] = ['openai-compatible', 'anthropic', 'ollama'];

export interface OpenModel {
  readonly sdk: Sdk;
  readonly model: LanguageModel;
}

/** A model behind the way of an attempt: every call goes through `access.fetch`, with a key that opens nothing. */
export const openModel = async (
  { provider }: Pick<ModelDefinition, 'provider'>,
  { baseUrl, dummyKey, model, fetch }: ModelAccess,
): Promise<OpenModel> => {
  const sdk = await import('ai');
  globalThis.AI_SDK_LOG_WARNINGS = false; // it would write to the service's output
  const common = { apiKey: dummyKey, ...(fetch === undefined ? {} : { fetch }) };
  if (provider === 'anthropic') {
    const { createAnthropic } = await import('@ai-sdk/anthropic');
    return { sdk, model: createAnthropic({ ...common, baseURL: versioned(baseUrl) })(model) };
  }
  const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible');
  const baseURL = provider === 'ollama' ? versioned(baseUrl) : baseUrl;
  return { sdk, model: createOpenAICompatible({ ...common, name: provider, baseURL, includeUsage: true })(model) };
};

/** Some write the address of a provider with the version of its interface, some without. */
const versioned = (baseUrl: string): string => (/\/v\d+\w*$/.test(baseUrl) ? baseUrl : `${baseUrl}/v1`);
