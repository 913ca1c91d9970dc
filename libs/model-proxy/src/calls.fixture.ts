import type { AnyEvent, EventData } from '#contracts';
import type { ModelGrant } from './grant.js';
import { ModelCalls, type CallLimits, type CallPorts, CALL_LIMITS } from './model-calls.js';
import type { CallUsage } from './tokens.js';

export const KEY = 'sk-test-0123456789abcdefghij';

/** The calls of one attempt to a provider of a test, and all that they tell. */
export const callsTo = (
  grant: Pick<ModelGrant, 'baseUrl' | 'host'> & Partial<ModelGrant>,
  ports: Partial<CallPorts> = {},
  limits: Partial<CallLimits> = {},
) => {
  const events: AnyEvent[] = [];
  const spent: CallUsage[] = [];
  const refused: string[] = [];
  const calls = new ModelCalls(
    { provider: 'openai-compatible', model: 'granted', key: KEY, prices: { input: 2, output: 10 }, ...grant },
    {
      attempt: 1,
      signal: new AbortController().signal,
      gate: async () => undefined,
      spend: async (usage) => void spent.push(usage),
      emit: (event) => void events.push(event),
      refused: (code, reason) => void refused.push(`${code}: ${reason}`),
      ...ports,
    },
    { ...CALL_LIMITS, ...limits },
  );
  const finished = () =>
    events.flatMap((event): EventData<'action.model-call-finished'>[] =>
      event.type === 'action.model-call-finished' ? [event.data] : [],
    );
  return { calls, events, spent, refused, finished };
};

/** What a program of the provider sends. */
export const asks = (
  calls: ModelCalls,
  path: string,
  body: unknown,
  more: Partial<Parameters<ModelCalls['answer']>[0]> = {},
) =>
  // prettier-ignore
  calls.answer({
    method: 'POST',
    target: path,
    headers: { authorization: `Bearer ${calls.door.dummyKey}` },
    body: bytes(typeof body === 'string' ? body : JSON.stringify(body)),
    ...more,
  });

async function* bytes(text: string) {
  if (text !== '') yield Buffer.from(text);
}

export const textOf = async (answer: Promise<{ readonly body: AsyncIterable<Buffer> }>): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of (await answer).body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
};
