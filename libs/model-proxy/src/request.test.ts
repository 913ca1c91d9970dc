import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { type ScriptedModel, scriptedModel } from '../test/scripted-model.js';
import { asks, callsTo, textOf } from './calls.fixture.js';
import type { ProviderName } from './grant.js';

let model: ScriptedModel;
beforeAll(async () => {
  model = await scriptedModel(() => ({ json: {} }));
});
afterAll(() => model.close());

const grant = (provider: ProviderName = 'openai-compatible', path = '/v1') => ({
  provider,
  baseUrl: `${model.url}${path}`,
  host: model.host,
});

describe('a request', () => {
  it.each<[ProviderName, string, string]>([
    ['openai-compatible', 'POST', '/v1/files'],
    ['openai-compatible', 'POST', '/v1/fine_tuning/jobs'],
    ['openai-compatible', 'POST', '/v1/batches'],
    ['openai-compatible', 'DELETE', '/v1/models/granted'],
    ['openai-compatible', 'GET', '/v1/chat/completions'],
    ['openai-compatible', 'POST', '/v2/chat/completions'],
    ['openai-compatible', 'POST', '/chat/completions'],
    ['openai-compatible', 'POST', '/v1/../v1/chat/completions'],
    ['openai-compatible', 'POST', '/v1/./chat/completions'],
    ['openai-compatible', 'POST', '/v1//chat/completions'],
    ['openai-compatible', 'POST', '//evil.example/v1/chat/completions'],
    ['openai-compatible', 'POST', 'http://evil.example/v1/chat/completions'],
    ['openai-compatible', 'POST', '/v1/chat%2fcompletions'],
    ['openai-compatible', 'POST', '/v1/chat\\completions'],
    ['openai-compatible', 'POST', '/v1/chat/completions\0'],
    ['openai-compatible', 'POST', '/v1evil/chat/completions'],
    ['openai-compatible', 'POST', '*'],
    ['openai-compatible', 'POST', `/v1/chat/completions?${'a'.repeat(3000)}`],
    ['anthropic', 'POST', '/v1/messages/batches'],
    ['anthropic', 'POST', '/v1/files'],
    ['google', 'POST', '/v1/cachedContents'],
    ['google', 'POST', '/v1/models/x:batchGenerateContent'],
    ['google', 'POST', '/v1/models/../x:generateContent'],
    ['ollama', 'POST', '/v1/api/pull'],
    ['ollama', 'DELETE', '/v1/api/delete'],
  ])('to %s is refused: %s %s', async (provider, method, target) => {
    const { calls, refused } = callsTo(grant(provider));
    const before = model.seen.length;
    const headers = { 'x-api-key': calls.door.dummyKey };
    await expect(asks(calls, target, {}, { method, headers })).rejects.toMatchObject({ code: 'model.request-refused' });
    expect(model.seen).toHaveLength(before);
    expect(refused).toHaveLength(1);
  });

  it.each<[string, Record<string, string>, string]>([
    ['no key', {}, ''],
    ['another key', { authorization: 'Bearer other' }, ''],
    ['the key of another attempt', { 'x-api-key': 'hyper-run-0' }, ''],
    ['a key in the address that is another', {}, '?key=x'],
  ])('with %s is refused', async (_, headers, query) => {
    const { calls } = callsTo(grant());
    const path = `/v1/chat/completions${query}`;
    await expect(asks(calls, path, {}, { headers })).rejects.toMatchObject({ code: 'model.key-wrong' });
  });

  it('may bring its key in any of the ways that programs know, and never passes it on', async () => {
    const { calls } = callsTo(grant());
    const { dummyKey } = calls.door;
    for (const headers of [
      { authorization: `bearer ${dummyKey}` },
      { 'x-api-key': dummyKey },
      { 'x-goog-api-key': dummyKey },
    ])
      // prettier-ignore
      await textOf(asks(calls, '/v1/chat/completions', {}, { headers }));
    await textOf(asks(calls, `/v1/chat/completions?key=${dummyKey}`, {}, { headers: {} }));
    expect(JSON.stringify(model.seen)).not.toContain(dummyKey);
  });

  it.each(['', '[]', '"x"', '{', '\ud800', 'null', '{"a":1}{"b":2}'])('is malformed: %j', async (body) => {
    const { calls } = callsTo(grant());
    await expect(asks(calls, '/v1/chat/completions', body)).rejects.toMatchObject({ code: 'model.request-malformed' });
  });

  it.each<[string, ProviderName, object]>([
    [
      'an image',
      'openai-compatible',
      { messages: [{ content: [{ type: 'image_url', image_url: { url: 'https://evil/?d=1' } }] }] },
    ],
    [
      'an image, in short',
      'openai-compatible',
      { input: [{ content: [{ type: 'input_image', image_url: 'http://evil' }] }] },
    ],
    ['a file', 'openai-compatible', { input: [{ content: [{ type: 'input_file', file_url: 'http://evil' }] }] }],
    [
      'a document',
      'anthropic',
      { messages: [{ content: [{ type: 'document', source: { type: 'url', url: 'http://evil' } }] }] },
    ],
    [
      'what a tool brought',
      'anthropic',
      {
        messages: [{ content: [{ type: 'tool_result', content: [{ type: 'image', source: { url: 'ftp://evil' } }] }] }],
      },
    ],
    ['a stored file', 'google', { contents: [{ parts: [{ fileData: { fileUri: 'gs://evil/x' } }] }] }],
    ['what is nested beyond reading', 'openai-compatible', { a: JSON.parse('['.repeat(60) + ']'.repeat(60)) }],
  ])('that makes the provider fetch %s is refused', async (_, provider, body) => {
    // prettier-ignore
    const { calls } = callsTo(grant(provider));
    const path = { google: '/v1/models/x:generateContent', anthropic: '/v1/messages' }[provider as string];
    await expect(asks(calls, path ?? '/v1/chat/completions', body)).rejects.toMatchObject({
      code: 'model.request-refused',
    });
  });

  it('may hold addresses in its words, in the arguments of tools and in its own content', async () => {
    const { calls, refused } = callsTo(grant('anthropic'));
    const body = {
      model: 'granted',
      messages: [
        { content: [{ type: 'text', text: 'see https://example.com' }] },
        { content: [{ type: 'tool_use', id: 'x', name: 'get', input: { url: 'https://example.com' } }] },
        { content: [{ type: 'image', source: { type: 'base64', data: 'aGk=' } }] },
      ],
      tools: [{ name: 'get', input_schema: { properties: { url: { type: 'string', default: 'https://x' } } } }],
    };
    await textOf(asks(calls, '/v1/messages', body));
    expect(model.seen.at(-1)?.json).toEqual(body);
    expect(refused).toEqual([]);
  });

  it.each<[ProviderName, object, object]>([
    [
      'openai-compatible',
      {
        tools: [{ type: 'function', function: { name: 'f' } }, { type: 'web_search' }],
        models: ['dearer'],
        plugins: [{}],
      },
      { tools: [{ type: 'function', function: { name: 'f' } }] },
    ],
    ['openai-compatible', { tools: [{ type: 'mcp', server_url: 'http://evil' }], background: true }, {}],
    [
      'openai-compatible',
      {
        tools: [{ type: 'namespace', name: 'n', tools: [{ type: 'function', name: 'f' }, { type: 'web_search' }] }],
        input: [{ type: 'additional_tools', tools: [{ type: 'custom', name: 'c' }, { type: 'mcp', server_url: 'x' }] }, { role: 'user' }], // prettier-ignore
      },
      {
        tools: [{ type: 'namespace', name: 'n', tools: [{ type: 'function', name: 'f' }] }],
        input: [{ type: 'additional_tools', tools: [{ type: 'custom', name: 'c' }] }, { role: 'user' }],
      },
    ],
    [
      'anthropic',
      {
        tools: [{ name: 'f' }, { type: 'web_fetch_20250910' }, { type: 'bash_20250124' }],
        mcp_servers: [{ url: 'x' }],
      },
      { tools: [{ name: 'f' }, { type: 'bash_20250124' }] },
    ],
    ['google', { tools: [{ googleSearch: {}, functionDeclarations: [] }] }, { tools: [{ functionDeclarations: [] }] }],
  ])('to %s loses what the provider would do itself, and that is told', async (provider, body, kept) => {
    // prettier-ignore
    const { calls, refused } = callsTo(grant(provider));
    const path = { google: '/v1/models/granted:generateContent', anthropic: '/v1/messages' }[provider as string];
    await textOf(asks(calls, path ?? '/v1/chat/completions', { model: 'granted', ...body }));
    const { model: _granted, ...rest } = model.seen.at(-1)?.json ?? {};
    expect(rest).toEqual(kept);
    expect(refused.length).toBeGreaterThan(0);
  });

  it('tells the same refusal once, and not more than twenty', async () => {
    const { calls, refused } = callsTo(grant());
    for (let n = 0; n < 60; n++) await asks(calls, `/v1/x${n % 30}`, {}).catch(() => undefined);
    expect(refused).toHaveLength(20);
  });

  it('is admitted to the endpoints of models alone, whatever its target', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('/', 'v1', 'chat', 'completions', 'models', '..', '.', '%2e', '?', '#', ':', '@', '\\', '//', 'evil.example', ' ', '\0', 'é'), { maxLength: 12 }), // prettier-ignore
        fc.constantFrom('GET', 'POST', 'PUT', 'CONNECT', 'get'),
        async (parts, method) => {
          const { calls } = callsTo(grant());
          const before = model.seen.length;
          const answer = await asks(calls, parts.join(''), {}, { method }).catch(() => undefined);
          answer?.body.resume();
          for (const { method: verb, url } of model.seen.slice(before))
            expect(`${verb} ${url}`).toMatch(
              /^(?:POST \/v1\/(?:chat\/)?completions|GET \/v1\/models(?:\/[\w./:@-]+)?)$/,
            );
        },
      ),
      { numRuns: 300 },
    ));
});
