// One answer of a model, whole: nothing that it asks for is done before the answer has come to its end.
import { setTimeout as delay } from 'node:timers/promises';
import type { FinishReason, ModelMessage, ToolSet } from 'ai';
import { maskKnown } from '#contracts';
import type { OpenModel } from './language-model.js';
import { modelFailure, type Named } from './model-failure.js';

const MOST_TRIES = 5;
/** Whoever is told to wait longer fails instead: a person may know another model. */
const LONGEST_WAIT_MS = 120_000;
const FIRST_WAIT_MS = 1000;

export interface TurnTerms {
  readonly open: OpenModel;
  readonly named: Named;
  readonly system: string;
  readonly messages: readonly ModelMessage[];
  readonly tools?: ToolSet;
  readonly maxOutputTokens?: number | undefined;
  /** Values that a model could only know from its provider: they get no further than this. */
  readonly secrets?: readonly string[] | undefined;
  readonly signal: AbortSignal;
  /** Before the second try, doubled before each further one, where the provider names no time. Default: a second. */
  readonly firstWaitMs?: number | undefined;
}

export interface Turn {
  readonly text: string;
  readonly thoughts: string;
  readonly calls: readonly { readonly id: string; readonly tool: string; readonly input: unknown }[];
  /** Calls of tools that do not exist, or with input that does not fit: they are answered with an error already. */
  readonly malformed: number;
  /** What the conversation goes on with. */
  readonly said: readonly ModelMessage[];
  readonly finish: FinishReason;
}

/**
 * Asks once more where the failure may pass, after the time that the provider names.
 * @throws HyperRunError model.key-refused, model.unknown, model.context-full, model.no-credit, model.rate-limited, model.failed,
 * model.call-refused, model.broken-off, and what the way to the model throws
 */
export const takeTurn = async (terms: TurnTerms): Promise<Turn> => {
  const { named, open, signal, firstWaitMs = FIRST_WAIT_MS } = terms;
  for (let tries = 1; ; tries += 1) {
    try {
      return await ask(terms);
    } catch (error) {
      signal.throwIfAborted();
      const failure = modelFailure(error, named, open.sdk);
      if (failure === undefined) throw error;
      const { again } = failure;
      if (again === undefined || tries >= MOST_TRIES) throw failure.error;
      const wait = again === true ? firstWaitMs * 2 ** (tries - 1) : again;
      if (wait > LONGEST_WAIT_MS) throw failure.error;
      await delay(wait, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
};

const ask = async ({
  open,
  system,
  messages,
  tools,
  maxOutputTokens,
  secrets = [],
  signal,
}: TurnTerms): Promise<Turn> => {
  const result = open.sdk.streamText({
    model: open.model,
    system: { role: 'system', content: system, providerOptions: KEEP },
    messages: withMark(messages),
    ...(tools === undefined ? {} : { tools }),
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    providerOptions: WHOLE_CALLS,
    abortSignal: signal,
    maxRetries: 0,
    onError: () => undefined, // it comes with the stream too
  });
  let text = '';
  let thoughts = '';
  let malformed = 0;
  let finish: FinishReason | undefined;
  const calls: { id: string; tool: string; input: unknown }[] = [];
  for await (const part of result.fullStream) {
    if (part.type === 'text-delta') text += part.text;
    else if (part.type === 'reasoning-delta') thoughts += part.text;
    else if (part.type === 'finish-step') finish = part.finishReason;
    else if (part.type === 'error') throw part.error;
    else if (part.type === 'tool-call' && part.invalid === true) malformed += 1;
    else if (part.type === 'tool-call') calls.push({ id: part.toolCallId, tool: part.toolName, input: part.input });
  }
  signal.throwIfAborted();
  if (finish === undefined) throw new Error('it came to no end');
  return masked({ text, thoughts, calls, malformed, said: (await result.response).messages, finish }, secrets);
};

/** Whole, for a secret may come in pieces. */
const masked = <Value>(value: Value, secrets: readonly string[]): Value => {
  const clean = (one: unknown): unknown => {
    if (typeof one === 'string') return maskKnown(one, secrets);
    if (Array.isArray(one)) return one.map(clean);
    if (typeof one !== 'object' || one === null) return one;
    return Object.fromEntries(Object.entries(one).map(([name, part]) => [name, clean(part)]));
  };
  return secrets.length === 0 ? value : (clean(value) as Value);
};

/** Providers that keep the beginning of a conversation for less money are told up to where; the others do not see it. */
const KEEP = { anthropic: { cacheControl: { type: 'ephemeral' } } };

/** Nothing is done before the end of an answer: a provider may check the input of a call before it sends it. */
const WHOLE_CALLS = { anthropic: { toolStreaming: false } };

const withMark = (messages: readonly ModelMessage[]): ModelMessage[] => {
  const last = messages.at(-1);
  return last === undefined ? [] : [...messages.slice(0, -1), { ...last, providerOptions: KEEP }];
};
