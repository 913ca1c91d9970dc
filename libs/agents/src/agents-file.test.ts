import { describe, expect, it } from '@jest/globals';
import { readAgentsFile } from './agents-file.js';
import { agentRegistry } from './built-in.js';
import { registerConfigured } from './configured.js';

const read = (content: unknown) =>
  readAgentsFile(typeof content === 'string' ? content : JSON.stringify(content), '/data/agents.json');
const faults = (content: unknown) => {
  try {
    read(content);
    return [];
  } catch (error) {
    expect(error).toMatchObject({ code: 'config.invalid', actor: 'operator' });
    return (error as Error).message.split('\n');
  }
};
const model = { provider: 'anthropic', name: 'm', baseUrl: 'https://api.example/v1', credential: 'API_KEY' };

describe('agents.json', () => {
  it('gives each agent its kind, and fills in what is left out', () => {
    const coder = { type: 'command', command: ['coder', '{prompt}'] };
    expect(read({ $schema: 'x', coder, speaker: { type: 'acp', command: ['speaker'] } })).toEqual({
      coder: { ...coder, format: 'text', prompt: 'argument' },
      speaker: { type: 'acp', command: ['speaker'] },
    });
    expect(read({})).toEqual({});
  });

  it.each<[string, unknown, readonly (string | RegExp)[]]>([
    ['what is no JSON', '{', [/^\/data\/agents\.json: it is not JSON/]],
    ['what is no object', [], [/^\/data\/agents\.json: expected an object of agents/]],
    ['an unknown type', { a: { type: 'robot' } }, [/agent "a": type: /]],
    ['a missing field', { a: { type: 'acp' } }, [/agent "a": command: /]],
    ['an unknown field', { a: { type: 'acp', command: ['x'], commnd: 1 } }, [/agent "a": .*commnd/]],
    ['an odd name', { 'A b': { type: 'acp', command: ['x'] } }, [/"A b": a name has 1 to 36 characters/]],
    ['a kind of findings', { a: { type: 'acp', command: ['x'], does: ['poems'] } }, [/agent "a": does\.0: /]],
    [
      'several faults at once',
      { a: { type: 'acp' }, b: { type: 'llm' } },
      [/agent "a": command: /, /agent "b": model: /],
    ],
    ['a task that is never heard', { a: { type: 'command', command: ['x'] } }, [/command: \{prompt\} stands nowhere/]],
    ['a task that is heard twice', { a: { type: 'acp', command: ['x', '{prompt}'] } }, [/leave \{prompt\} out/]],
    [
      'words for a model without one',
      { a: { type: 'acp', command: ['x'], env: { URL: '{modelUrl}' } } },
      [/agent "a": model: is missing, and \{modelUrl\}/],
    ],
    [
      'a relative mount',
      { a: { type: 'acp', command: ['x'], mounts: ['opt', '/a/../b'] } },
      [/mounts: .*"opt"/, /mounts: .*"\/a/],
    ],
    ['a home that is left', { a: { type: 'acp', command: ['x'], home: { '../x': '' } } }, [/home: .*"\.\.\/x"/]],
    ['an address that is none', { a: { type: 'llm', model: { ...model, baseUrl: 'ftp://x' } } }, [/model\.baseUrl: /]],
  ])('names %s', (_, content, messages) =>
    expect(faults(content)).toEqual(messages.map((message) => expect.stringMatching(message))),
  );

  it('makes agents whose version changes with every setting, and which follow words', () => {
    const describe = (more: object) => {
      const registry = agentRegistry();
      const definition = read({ a: { type: 'acp', command: ['x'], model, ...more } })['a'];
      if (definition !== undefined) registerConfigured(registry, 'a', definition);
      return registry.describe('a');
    };
    const described = describe({ name: 'Ada', does: ['todo', 'coverage'] });
    expect(described).toMatchObject({
      name: 'Ada',
      understandsWords: true,
      planned: {
        kind: 'a',
        adapter: 'acp',
        workplace: 'sandbox',
        model: 'm',
        host: 'api.example',
        credential: 'API_KEY',
      },
      does: ['todo'],
    });
    expect(describe({}).planned.digest).not.toBe(describe({ env: { X: '1' } }).planned.digest);
    expect(describe({}).planned.digest).toBe(describe({}).planned.digest);
  });

  it('cannot take the name of a built-in agent', () =>
    expect(() => registerConfigured(agentRegistry(), 'links', { type: 'acp', command: ['x'] })).toThrow(
      /links already/,
    ));
});
