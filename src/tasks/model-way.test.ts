import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ModelDefinition } from '#agents';
import type { AnyEvent, PlannedAgent } from '#contracts';
import { type ScriptedModel, scriptedModel } from '../../libs/model-proxy/test/scripted-model.js';
import { loadConfig } from '../config/config.js';
import { knownSecrets } from '../config/secrets.js';
import { openModelWay } from './model-way.port.js';

const KEY = 'a-key-of-the-provider-1';
let directory: string;
let provider: ScriptedModel;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hyper-run-way-'));
  provider = await scriptedModel(() => ({ json: { usage: { prompt_tokens: 3, completion_tokens: 4 } } }));
});
afterAll(async () => {
  await provider.close();
  await rm(directory, { recursive: true });
});

const model = (): ModelDefinition => ({
  provider: 'openai-compatible',
  name: 'm',
  baseUrl: `${provider.url}/v1`,
  credential: 'MODEL_SECRET',
});
const planned = (): PlannedAgent => ({
  kind: 'writer',
  digest: 'writer@1',
  adapter: 'llm',
  workplace: 'tree',
  model: 'm',
  host: provider.host,
  credential: 'MODEL_SECRET',
});

interface Given {
  readonly grant?: 'none' | Partial<PlannedAgent>;
  readonly workplace?: 'tree' | 'sandbox';
  readonly env?: object;
}

const open = ({ grant, workplace = 'tree', env }: Given = {}) => {
  const events: AnyEvent[] = [];
  const spent: unknown[] = [];
  const ports = {
    attempt: 1,
    signal: new AbortController().signal,
    emit: (event: AnyEvent) => void events.push(event),
    refuse: () => undefined,
    spend: async (usage: unknown) => void spent.push(usage),
  };
  const config = loadConfig({ HYPER_RUN_DATA_DIR: directory, MODEL_SECRET: KEY, ...env });
  const given = { model: model(), planned: grant === 'none' ? undefined : { ...planned(), ...grant }, workplace };
  return { events, spent, way: openModelWay(given, ports, config) };
};

describe('the way of an attempt to its model', () => {
  it('leads an agent inside the service there, counted, and ends with the attempt', async () => {
    const { way: opening, spent, events } = open();
    const way = await opening;
    const { access, loopbacks } = way;
    const headers = { authorization: `Bearer ${access.dummyKey}` };
    const ask = () => access.fetch?.(`${access.baseUrl}/chat/completions`, { method: 'POST', headers, body: '{}' });
    expect(await (await ask())?.json()).toEqual({ usage: { prompt_tokens: 3, completion_tokens: 4 } });
    expect(provider.seen.at(-1)?.headers.authorization).toBe(`Bearer ${KEY}`);
    expect(loopbacks).toEqual([]);
    await way.close();
    await way.settled();
    expect(spent).toEqual([{ inputTokens: 3, outputTokens: 4, cost: 0 }]);
    expect(events).toHaveLength(2);
    expect(knownSecrets()).toContain(KEY);
    await expect(ask()).rejects.toMatchObject({ code: 'model.closed' });
  });

  it('leads a program in a sandbox there through a socket, which is gone afterwards, like those of the dead', async () => {
    await writeFile(join(directory, 'm.4194303.abcdef'), '');
    const way = await open({ workplace: 'sandbox' }).way;
    const { access, loopbacks } = way;
    const [loopback] = loopbacks;
    expect(access).toMatchObject({ baseUrl: `http://127.0.0.1:${loopback?.port}/v1`, model: 'm' });
    expect(access.fetch).toBeUndefined();
    const answered = await new Promise((resolve, reject) => {
      const options = { socketPath: loopback?.socket, path: '/v1/chat/completions', method: 'POST', headers: { 'x-api-key': access.dummyKey } }; // prettier-ignore
      request(options, ({ statusCode }) => resolve(statusCode))
        .on('error', reject)
        .end('{}');
    });
    expect(answered).toBe(200);
    expect(await readdir(directory)).toHaveLength(1);
    await way.close();
    expect(await readdir(directory)).toEqual([]);
  });

  it.each<[string, Given, string]>([
    ['no grant', { grant: 'none' }, 'agent.no-model'],
    ['a grant of another model', { grant: { model: 'other' } }, 'agent.no-model'],
    ['a grant of another key', { grant: { credential: 'OTHER' } }, 'agent.no-model'],
    ['a grant of another host', { grant: { host: 'api.example.com' } }, 'model.other-host'],
    ['no key', { env: { MODEL_SECRET: ' ' } }, 'model.no-key'],
  ])('is not there with %s', async (_, given, code) => {
    await expect(open(given).way).rejects.toMatchObject({ code });
  });
});
