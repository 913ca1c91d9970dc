import { afterEach, describe, expect, it } from '@jest/globals';
import {
  type ScriptedAnswer,
  type ScriptedModel,
  scriptedModel,
  type SeenRequest,
  sse,
} from '../test/scripted-model.js';
import { asks, callsTo, KEY, textOf } from './calls.fixture.js';
import { fetchThrough } from './fetch-through.js';
import type { ProviderName } from './grant.js';

let model: ScriptedModel | undefined;
afterEach(async () => {
  await model?.close();
  model = undefined;
});

const provider = async (answer: ScriptedAnswer | ((request: SeenRequest, nth: number) => ScriptedAnswer)) => {
  model = await scriptedModel(typeof answer === 'function' ? answer : () => answer);
  return { model, at: (path = '/v1') => ({ baseUrl: `${model?.url}${path}`, host: model?.host ?? '' }) };
};

const chat = (content: string, usage?: object) => ({ choices: [{ message: { role: 'assistant', content } }], usage });
const used = { prompt_tokens: 100, completion_tokens: 20, prompt_tokens_details: { cached_tokens: 40 } };

interface Counted {
  readonly provider: ProviderName;
  readonly base?: string;
  readonly path: string;
  readonly asked?: object;
  readonly says: ScriptedAnswer;
  readonly to?: string;
}

describe('calls of a model', () => {
  it.each<[string, Counted]>([
    ['OpenAI', { provider: 'openai-compatible', path: '/v1/chat/completions', says: { json: chat('hi', used) } }],
    [
      'OpenAI, streamed',
      {
        provider: 'openai-compatible',
        path: '/v1/chat/completions',
        asked: { stream: true },
        says: {
          chunks: [sse({ choices: [{ delta: { content: 'hi' } }] }), sse({ choices: [], usage: used }), sse('[DONE]')],
        },
      },
    ],
    [
      'OpenAI, total alone with the reasoning',
      {
        provider: 'openai-compatible',
        path: '/v1/chat/completions',
        says: { json: chat('hi', { ...used, completion_tokens: 5, total_tokens: 120 }) },
      },
    ],
    [
      'OpenAI responses, streamed',
      {
        provider: 'openai-compatible',
        path: '/v1/responses',
        asked: { stream: true },
        says: {
          chunks: [
            sse({ type: 'response.output_text.delta', delta: 'hi' }),
            sse({
              type: 'response.completed',
              response: {
                usage: { input_tokens: 100, output_tokens: 20, input_tokens_details: { cached_tokens: 40 } },
              },
            }),
          ],
        },
      },
    ],
    [
      'Anthropic',
      {
        provider: 'anthropic',
        path: '/v1/messages',
        says: {
          json: {
            content: [{ type: 'text', text: 'hi' }],
            usage: {
              input_tokens: 50,
              cache_creation_input_tokens: 10,
              cache_read_input_tokens: 40,
              output_tokens: 20,
            },
          },
        },
      },
    ],
    [
      'Anthropic, streamed, asked with the version twice',
      {
        provider: 'anthropic',
        path: '/v1/v1/messages?beta=true',
        to: '/v1/messages?beta=true',
        asked: { stream: true },
        says: {
          chunks: [
            sse(
              {
                type: 'message_start',
                message: { usage: { input_tokens: 60, cache_read_input_tokens: 40, output_tokens: 1 } },
              },
              'message_start',
            ),
            sse({ type: 'content_block_delta', delta: { type: 'text_delta', text: 'hi' } }, 'content_block_delta'),
            sse({ type: 'message_delta', usage: { output_tokens: 20 } }, 'message_delta'),
          ],
        },
      },
    ],
    [
      'Google',
      {
        provider: 'google',
        base: '/v1beta',
        path: '/v1beta/models/other:generateContent',
        to: '/v1beta/models/granted:generateContent',
        says: {
          json: {
            candidates: [],
            usageMetadata: {
              promptTokenCount: 100,
              cachedContentTokenCount: 40,
              candidatesTokenCount: 12,
              thoughtsTokenCount: 8,
            },
          },
        },
      },
    ],
    [
      'Google, streamed',
      {
        provider: 'google',
        base: '/v1beta',
        path: '/v1beta/models/granted:streamGenerateContent?alt=sse&evil=1',
        to: '/v1beta/models/granted:streamGenerateContent?alt=sse',
        says: {
          chunks: [
            sse({ candidates: [], usageMetadata: { promptTokenCount: 100, cachedContentTokenCount: 40 } }),
            sse({ usageMetadata: { promptTokenCount: 100, cachedContentTokenCount: 40, candidatesTokenCount: 20 } }),
          ],
        },
      },
    ],
    [
      'Google, streamed as an array',
      {
        provider: 'google',
        base: '',
        path: '/v1beta/models/granted:streamGenerateContent',
        says: {
          json: [
            { usageMetadata: { promptTokenCount: 100, cachedContentTokenCount: 40 } },
            { usageMetadata: { candidatesTokenCount: 20 } },
          ],
        },
      },
    ],
  ])('are counted and priced: %s', async (_, { provider: name, base = '/v1', path, asked, says, to = path }) => {
    const { model, at } = await provider(says);
    const { calls, events, spent } = callsTo({
      ...at(base),
      provider: name,
      prices: { input: 2, output: 10, cachedInput: 0.5 },
    });
    const text = await textOf(asks(calls, path, { model: 'other', ...asked }));
    expect(text).toBe(says.chunks?.join('') ?? JSON.stringify(says.json));
    await calls.settled();
    const cost = (60 * 2 + 40 * 0.5 + 20 * 10) / 1e6;
    expect(spent).toEqual([{ inputTokens: 100, outputTokens: 20, cost }]);
    const [started, finished] = events;
    expect(started).toMatchObject({
      type: 'action.model-call-started',
      data: { attempt: 1, origin: 'observed', model: 'granted', host: model.host },
    });
    expect(finished?.data).toMatchObject({
      callId: started?.type === 'action.model-call-started' && started.data.callId,
      inputTokens: 100,
      outputTokens: 20,
      cost,
    });
    expect(finished?.data).not.toHaveProperty('estimated');
    expect(model.seen.map(({ url }) => url)).toEqual([to]);
  });

  it('of Ollama are counted in its own stream of lines, and cost nothing', async () => {
    const lines = ['{"message":{"content":"h"}}\n', '{"done":true,"prompt_eval_count":7,', '"eval_count":3}\n'];
    const { at } = await provider({ chunks: lines, headers: { 'content-type': 'application/x-ndjson' } });
    const { calls, spent } = callsTo({ ...at(''), provider: 'ollama', key: undefined, prices: undefined });
    expect(await textOf(asks(calls, '/api/chat', { model: 'x' }))).toBe(lines.join(''));
    await calls.settled();
    expect(spent).toEqual([{ inputTokens: 7, outputTokens: 3, cost: 0 }]);
  });

  it.each<[ProviderName, string, string, string]>([
    ['openai-compatible', '/v1/chat/completions', 'authorization', `Bearer ${KEY}`],
    ['anthropic', '/v1/messages', 'x-api-key', KEY],
    ['google', '/v1/models/granted:generateContent', 'x-goog-api-key', KEY],
    ['ollama', '/v1/chat/completions', 'authorization', `Bearer ${KEY}`],
  ])(
    'of %s carry the real key, the granted model and nothing of the agent’s own',
    async (name, path, header, value) => {
      const { model, at } = await provider({ json: {} });
      const { calls } = callsTo({ ...at(), provider: name });
      const dummy = calls.door.dummyKey;
      const headers = {
        authorization: `Bearer ${dummy}`,
        'x-api-key': 'mine',
        'x-goog-api-key': dummy,
        cookie: 'a=b',
        host: 'evil.example',
        'openai-organization': 'evil',
        'x-forwarded-for': '1.2.3.4',
        'anthropic-version': '2023-06-01',
        'transfer-encoding': 'chunked',
        'user-agent': 'evil/1',
      };
      await textOf(asks(calls, path, { model: 'dearer', stream: true, stream_options: { a: 1 } }, { headers }));
      const [request] = model.seen;
      expect(request?.headers).toEqual({
        accept: 'application/json',
        'accept-encoding': 'identity',
        'anthropic-version': '2023-06-01',
        connection: 'keep-alive',
        'content-length': String(request?.text.length),
        'content-type': 'application/json',
        host: model.host,
        'user-agent': 'hyper-run',
        [header]: value,
      });
      expect(JSON.stringify(request)).not.toContain(dummy);
      expect(request?.json['model']).toBe(name === 'google' ? 'dearer' : 'granted');
      const counted = path.endsWith('completions') ? { a: 1, include_usage: true } : { a: 1 };
      expect(request?.json['stream_options']).toEqual(counted);
    },
  );

  it('never show the real key, wherever a provider repeats it', async () => {
    const inBase64 = Buffer.from(`user:${KEY}`).toString('base64');
    const whole = `data: {"text":"a ${KEY} b ${inBase64} ${encodeURIComponent(KEY)}"}\n\n`;
    const { at } = await provider({
      chunks: whole.split(/(?<=sk-test-01234)/),
      headers: { 'x-request-id': `id-${KEY}`, 'set-cookie': KEY, location: KEY },
    });
    const { calls, events } = callsTo(at());
    const answer = await asks(calls, '/v1/chat/completions', {});
    const text = await textOf(Promise.resolve(answer));
    expect(text).toMatch(/^data: {"text":"a \[masked\] b \w{0,8}\[masked\]\S{0,4} \[masked\]"}\n\n$/);
    expect(answer.headers).toEqual({ 'content-type': 'text/event-stream', 'x-request-id': 'id-[masked]' });
    expect(JSON.stringify(events)).not.toContain(KEY);
  });

  it('tell an answer that is an error, without the key, and as costing nothing', async () => {
    const { at } = await provider({ status: 401, json: { error: { message: `Wrong key ${KEY}\u001b[31m` } } });
    const { calls, finished, spent } = callsTo(at());
    const answer = await asks(calls, '/v1/chat/completions', {});
    expect(answer.status).toBe(401);
    expect(await textOf(Promise.resolve(answer))).toContain('Wrong key [masked]');
    await calls.settled();
    expect(finished()).toMatchObject([{ inputTokens: 0, outputTokens: 0, cost: 0 }]);
    expect(finished()[0]?.error).toMatch(/^The provider answered 401: .*Wrong key \[masked\]/);
    expect(spent).toHaveLength(1);
  });

  it('are passed on as they come', async () => {
    let goOn = (): void => undefined;
    const waits = new Promise<void>((resolve) => (goOn = resolve));
    model = await scriptedModel(() => ({ chunks: [sse({ n: 1 })], then: 'hang' }));
    const { calls } = callsTo({ baseUrl: `${model.url}/v1`, host: model.host });
    const { body } = await asks(calls, '/v1/chat/completions', { stream: true });
    body.once('data', goOn);
    await waits;
    body.destroy();
  });

  it.each<[string, ScriptedAnswer, number, number]>([
    ['nobody counts', { json: chat('x'.repeat(400)) }, 9, 100],
    ['the connection breaks', { chunks: [sse({ choices: [{ delta: { content: 'x'.repeat(40) } }] })], then: 'break' }, 9, 10], // prettier-ignore
    ['only half was counted', { chunks: [sse({ usage: { prompt_tokens: 77 } })], then: 'break' }, 77, 0],
  ])('are estimated where %s', async (_, says, inputTokens, outputTokens) => {
    const { at } = await provider(says);
    const { calls, finished } = callsTo(at());
    await textOf(asks(calls, '/v1/chat/completions', { messages: [] })).catch(() => undefined);
    await calls.settled();
    expect(finished()).toMatchObject([{ inputTokens, outputTokens, estimated: true }]);
    expect(finished()[0]?.error !== undefined).toBe(says.then === 'break');
  });

  it('cannot be had for nothing by leaving before the end', async () => {
    const { at } = await provider({
      chunks: [sse({ choices: [{ delta: { content: 'x'.repeat(4000) } }] })],
      then: 'hang',
    });
    const { calls, finished, spent } = callsTo(at());
    const { body } = await asks(calls, '/v1/chat/completions', { stream: true });
    await new Promise((resolve) => body.once('data', resolve));
    body.destroy();
    await new Promise((resolve) => body.once('close', resolve));
    await calls.settled();
    expect(spent).toMatchObject([{ outputTokens: 1000 }]);
    expect(finished()).toMatchObject([{ estimated: true }]);
  });

  it('wait at the gate, and for what was spent before to be counted', async () => {
    const { model, at } = await provider({ json: chat('hi', used) });
    const order: string[] = [];
    let grant = (): void => undefined;
    const granted = new Promise<void>((resolve) => (grant = resolve));
    const { calls } = callsTo(at(), {
      gate: async () => void order.push(`gate after ${model.seen.length} calls`),
      spend: async () => {
        order.push('spent');
        await granted;
      },
    });
    await textOf(asks(calls, '/v1/chat/completions', {}));
    const second = textOf(asks(calls, '/v1/chat/completions', {}));
    order.push('asked again');
    grant();
    await second;
    expect(order).toEqual(['gate after 0 calls', 'spent', 'asked again', 'gate after 1 calls', 'spent']);
  });

  it('are over when the budget is not raised', async () => {
    const { model, at } = await provider({ json: chat('hi', used) });
    const { calls } = callsTo(at(), { spend: () => Promise.reject(new Error('No more money.')) });
    await textOf(asks(calls, '/v1/chat/completions', {}));
    await expect(asks(calls, '/v1/chat/completions', {})).rejects.toThrow('No more money.');
    await expect(calls.settled()).rejects.toThrow('No more money.');
    expect(model.seen).toHaveLength(1);
  });

  it('are broken off with the attempt', async () => {
    const over = new AbortController();
    const { at } = await provider({ chunks: [sse({})], then: 'hang' });
    const { calls, finished } = callsTo(at(), { signal: over.signal });
    const { body } = await asks(calls, '/v1/chat/completions', { stream: true });
    const ended = new Promise<Error>((resolve) => body.once('error', resolve));
    over.abort(new Error('taken over'));
    await ended;
    await expect(asks(calls, '/v1/chat/completions', {})).rejects.toThrow('taken over');
    expect(finished()).toHaveLength(1);
  });

  it('end when the attempt is over, those that wait and those under way, and are counted', async () => {
    const { model, at } = await provider({ chunks: [sse({ usage: used })], then: 'hang' });
    let atGate = (): void => undefined;
    const second = new Promise<void>((resolve) => (atGate = resolve));
    let gates = 0;
    const gate = async () => {
      if (++gates > 1) await new Promise(() => atGate());
    };
    const { calls, spent, finished } = callsTo(at(), { gate });
    const { body } = await asks(calls, '/v1/chat/completions', { stream: true });
    body.on('error', () => undefined);
    await new Promise((resolve) => body.once('data', resolve));
    const waits = asks(calls, '/v1/chat/completions', {}).catch((error: unknown) => error);
    await second;
    await calls.close();
    expect(await waits).toMatchObject({ code: 'model.closed' });
    await expect(asks(calls, '/v1/chat/completions', {})).rejects.toMatchObject({ code: 'model.closed' });
    await calls.settled();
    await calls.close();
    expect(spent).toMatchObject([{ inputTokens: 100, outputTokens: 20 }]);
    expect(finished()).toMatchObject([{ estimated: true }]);
    expect(model.seen).toHaveLength(1);
  });

  it('are made so many at once', async () => {
    let most = 0;
    const inside: (() => void)[] = [];
    model = await scriptedModel(async () => {
      await new Promise<void>((resolve) => {
        most = Math.max(most, inside.push(resolve));
        if (inside.length === 2) for (const goOn of inside.splice(0)) goOn();
      });
      return { json: {} };
    });
    const { calls } = callsTo({ baseUrl: `${model.url}/v1`, host: model.host }, {}, { atOnce: 2 });
    await Promise.all(Array.from({ length: 8 }, () => textOf(asks(calls, '/v1/chat/completions', {}))));
    expect({ most, seen: model.seen.length }).toEqual({ most: 2, seen: 8 });
  });

  it.each<[string, ScriptedAnswer, object, string]>([
    ['a redirect', { status: 307, headers: { location: 'http://evil.example/' } }, {}, 'model.redirected'],
    ['an encoding that was not asked for', { headers: { 'content-encoding': 'br' } }, {}, 'model.unreadable'],
    ['silence', { then: 'hang', chunks: [] }, { firstByteMs: 50 }, 'model.timed-out'],
    ['a request that is too large', {}, { requestBytes: 1 }, 'model.request-too-large'],
  ])('are refused for %s', async (_, says, limits, code) => {
    model = await scriptedModel(() => (says.then === 'hang' ? new Promise(() => undefined) : says));
    const { calls, finished } = callsTo({ baseUrl: `${model.url}/v1`, host: model.host }, {}, limits);
    await expect(asks(calls, '/v1/chat/completions', {})).rejects.toMatchObject({ code });
    await calls.settled();
    expect(finished().every(({ error }) => error !== undefined)).toBe(true);
    expect(model.seen.length).toBe(code === 'model.request-too-large' ? 0 : 1);
  });

  it.each<[string, ScriptedAnswer, object, string]>([
    ['it falls silent', { chunks: [sse({})], then: 'hang' }, { idleMs: 50 }, 'model.timed-out'],
    ['it is too large', { chunks: [sse({ a: 'x'.repeat(100) })] }, { answerBytes: 50 }, 'model.answer-too-large'],
  ])('end in the middle of an answer when %s', async (_, says, limits, code) => {
    const { at } = await provider(says);
    const { calls, finished } = callsTo(at(), {}, limits);
    await expect(textOf(asks(calls, '/v1/chat/completions', { stream: true }))).rejects.toMatchObject({ code });
    expect(finished()).toMatchObject([{ error: expect.any(String) }]);
  });

  it('go to nobody but the host of the plan', () => {
    expect(() => callsTo({ baseUrl: 'https://api.example.com/v1', host: 'other.example.com' })).toThrow(
      expect.objectContaining({ code: 'model.other-host' }),
    );
    expect(() => callsTo({ baseUrl: 'https://API.example.com./v1', host: 'api.example.com' })).not.toThrow();
  });

  it('can be made by fetch from inside the service', async () => {
    const { at } = await provider({ chunks: [sse({ a: 1 }), sse({ usage: used })] });
    const { calls, spent } = callsTo(at());
    const ask = (path: string) =>
      fetchThrough(calls)(`http://model${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${calls.door.dummyKey}` },
        body: '{}',
      });
    const response = await ask('/v1/chat/completions');
    expect(await response.text()).toBe(sse({ a: 1 }) + sse({ usage: used }));
    await calls.settled();
    expect(spent).toMatchObject([{ inputTokens: 100 }]);
    expect((await ask('/v1/files')).status).toBe(403);
  });
});
