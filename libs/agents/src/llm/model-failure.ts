// What went wrong with a call of a model: what to do about it, in a sentence, and whether it is worth trying again.
import { HyperRunError, isHyperRunError, type Actor } from '#contracts';
import type { Sdk } from './language-model.js';

export interface ModelFailure {
  readonly error: HyperRunError;
  /** Milliseconds after which the same call may succeed, or `true`: after a while. Absent: never. */
  readonly again?: number | true;
  /** The conversation is longer than the model can take: a shorter one may fit. */
  readonly tooLong?: true;
}

export interface Named {
  /** As the plan shows it. */
  readonly host: string;
  readonly model: string;
  readonly credential?: string | undefined;
}

const TOO_LONG =
  /context.{0,20}(?:length|window|size)|maximum context|too many (?:input )?tokens|(?:prompt|input|request|message).{0,30}too (?:long|large)|exceeds?.{0,60}(?:context|tokens?\b)/i;
/** What a provider means that has no more credit, and says with a status that is else worth a second try. */
const NO_CREDIT = /insufficient_quota|exceeded your current quota|billing|credit balance/i;

/** Undefined: it is not about the call, but ends the attempt. */
export const modelFailure = (error: unknown, named: Named, sdk: Sdk): ModelFailure | undefined => {
  if (sdk.APICallError.isInstance(error)) return answered(error, named);
  if (isHyperRunError(error)) return ofProxy(error.code, error.message);
  const why = wordsOf(error);
  const broken = TOO_LONG.test(why) ? 'model.context-full' : 'model.broken-off';
  const text = `The answer of ${named.host} broke off: ${why}`;
  return {
    error: failed(broken, text, 'retry'),
    ...(broken === 'model.context-full' ? { tooLong: true } : { again: true }),
  };
};

type Answered = InstanceType<Sdk['APICallError']>;

const answered = (error: Answered, named: Named): ModelFailure => {
  const { host, model, credential } = named;
  const status = error.statusCode;
  const words = wordsIn(error);
  const own = ofProxy(words.code, words.message);
  if (own !== undefined) return own;
  const said = `${host} answered ${status ?? 'what nobody can read'}: ${words.message}`;
  if (status === undefined || (status >= 200 && status < 300))
    return { error: failed('model.broken-off', said, 'retry'), again: true };
  if (status === 401 || status === 403) {
    const key = credential === undefined ? 'wants a key, and none is configured' : `refuses the key in ${credential}`;
    return { error: failed('model.key-refused', `${host} ${key}: it answered ${status}: ${words.message}`) };
  }
  if (status === 404)
    return { error: failed('model.unknown', `${host} does not know ${model} at this address: ${words.message}`) };
  const isTooLong =
    (status === 400 || status === 413 || status === 422) && TOO_LONG.test(`${words.code} ${words.message}`);
  if (isTooLong) return { error: failed('model.context-full', said), tooLong: true };
  const text = `${words.code} ${words.message}`;
  if (status === 402 || NO_CREDIT.test(text)) return { error: failed('model.no-credit', said) };
  if (status === 429) return { error: failed('model.rate-limited', said, 'retry'), again: afterOf(error) ?? true };
  if (status === 408 || status === 409 || status >= 500)
    return { error: failed('model.failed', said, 'retry'), again: afterOf(error) ?? true };
  return { error: failed('model.call-refused', said) };
};

/** What the service itself said instead of the provider. */
const ofProxy = (code: string, message: string): ModelFailure | undefined => {
  if (['model.unreachable', 'model.timed-out', 'network.unknown-host'].includes(code))
    return { error: failed(code, message, 'retry'), again: true };
  const isFinal = ['model.redirected', 'model.unreadable', 'model.request-refused', 'model.request-malformed', 'model.request-too-large', 'model.answer-too-large', 'network.forbidden-address']; // prettier-ignore
  return isFinal.includes(code) ? { error: failed(code, message) } : undefined;
};

const failed = (code: string, message: string, actor: Actor = 'operator'): HyperRunError =>
  new HyperRunError(code, message.slice(0, 1500), {}, actor);

/** `{error: {code, type, message}}` is what nearly all providers answer; whatever else it is, its beginning is shown. */
const wordsIn = ({ responseBody = '', message }: Answered): { readonly code: string; readonly message: string } => {
  const error = at(parse(responseBody), 'error');
  const text = typeof error === 'string' ? error : at(error, 'message');
  const code = [at(error, 'code'), at(error, 'type')].find((one) => typeof one === 'string' && one !== '');
  return {
    code: typeof code === 'string' ? code : '',
    message: (typeof text === 'string' ? text : responseBody.trim() || message).slice(0, 500),
  };
};

const afterOf = ({ responseHeaders = {} }: Answered): number | undefined => {
  const ms = Number.parseFloat(responseHeaders['retry-after-ms'] ?? '');
  if (Number.isFinite(ms)) return Math.max(0, ms);
  const after = responseHeaders['retry-after'];
  if (after === undefined) return undefined;
  const seconds = Number.parseFloat(after);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const date = Date.parse(after);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
};

const wordsOf = (error: unknown): string => {
  if (error instanceof Error) return error.message;
  const message = at(error, 'message') ?? at(at(error, 'error'), 'message');
  return (
    typeof message === 'string'
      ? message
      : typeof error === 'string'
        ? error
        : (JSON.stringify(error) ?? 'without a word')
  ).slice(0, 500);
};

const at = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // a page of some server on the way
  }
};
