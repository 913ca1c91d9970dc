import { describe, expect, it } from '@jest/globals';
import { recorder, someTask, treeWith } from './attempt.fixture.js';
import { type AgentResult, type AgentTask, BaseAgent } from './base-agent.js';
import { agentRegistry } from './built-in.js';
import { AgentRegistry } from './registry.js';
import type { Toolbox } from './tools.js';

class Scripted extends BaseAgent {
  readonly kind: string = 'scripted';
  readonly name = 'Scripted';
  readonly role = 'Does what a test says';

  constructor(private readonly script: (agent: Scripted, tools: Toolbox, signal: AbortSignal) => Promise<unknown>) {
    super();
  }

  protected async work(_: AgentTask, tools: Toolbox, signal: AbortSignal): Promise<AgentResult> {
    await this.script(this, tools, signal);
    return { outcome: 'done', summary: 'Did it with swordfish.' };
  }

  report(type: string, payload: object): Promise<void> {
    return (this as unknown as { emitEvent(type: string, payload: object): Promise<void> }).emitEvent(type, payload);
  }

  tick(): void {
    this.progress('ticked');
  }
}

const run = (script: ConstructorParameters<typeof Scripted>[0], more: Parameters<typeof recorder>[1] = {}) => {
  const recorded = recorder(treeWith({ 'docs/a.md': 'a' }), { secrets: ['swordfish'], ...more });
  return { ...recorded, result: new Scripted(script).run({ task: someTask, ports: recorded.ports }) };
};

describe('an agent', () => {
  it('reports actions of its own, marked as reported, and masked', async () => {
    const { events, result } = run((agent) =>
      agent.report('action.message-said', { text: 'with swordfish', origin: 'observed', attempt: 9 }),
    );
    expect(await result).toEqual({ outcome: 'done', summary: 'Did it with [masked].' });
    expect(events).toEqual([
      { type: 'action.message-said', data: { attempt: 2, origin: 'reported', text: 'with [masked]' } },
    ]);
  });

  it('has tools until it says that it is done, and none afterwards', async () => {
    let kept: Toolbox | undefined;
    const tree = treeWith({ 'docs/a.md': 'a' });
    const { ports, types } = recorder(tree);
    const agent = new Scripted(async (_, tools) => {
      kept = tools;
      await tools.write('docs/a.md', 'in time');
    });
    await agent.run({ task: someTask, ports });
    const told = types();
    await expect(kept?.write('docs/a.md', 'late')).rejects.toMatchObject({ code: 'agent.not-running' });
    await expect(kept?.say('late')).rejects.toMatchObject({ code: 'agent.not-running' });
    expect({ text: tree.files.get('docs/a.md')?.toString(), types: types() }).toEqual({ text: 'in time', types: told });
  });

  it.each([
    'task.passed',
    'task.publish-decided',
    'sprint.completed',
    'agent.registered',
    'toString',
    'action.unheard-of',
  ])('cannot say %s', async (type) => {
    const { events, result } = run((agent) => agent.report(type, { branch: 'hyper-run/x', commit: '0'.repeat(40) }));
    await expect(result).rejects.toMatchObject({ code: 'agent.event-not-allowed' });
    expect(events).toEqual([]);
  });

  it('is told which field of a report is wrong', async () => {
    const { result } = run((agent) => agent.report('action.message-said', { text: 7 }));
    await expect(result).rejects.toMatchObject({ code: 'agent.invalid-event', details: { field: 'text' } });
  });

  it('has its attempt ended by the third refusal, even if it ignores the errors', async () => {
    const { refusals, result } = run(async (_, tools) => {
      for (let n = 0; n < 5; n++) await tools.write('src/a.ts', 'evil').catch(() => undefined);
    });
    await expect(result).rejects.toMatchObject({ code: 'agent.refused-too-often' });
    expect(refusals).toHaveLength(3);
  });

  it('may be refused twice and still succeed', async () => {
    const { result } = run(async (_, tools) => {
      for (let n = 0; n < 2; n++) await tools.write('src/a.ts', 'evil').catch(() => undefined);
      await tools.write('docs/a.md', 'good');
    });
    expect(await result).toMatchObject({ outcome: 'done' });
  });

  it('is let go of when the attempt is over, even if it never ends', async () => {
    const cancel = new AbortController();
    const { result } = run(() => new Promise(() => cancel.abort(new Error('taken over'))), { signal: cancel.signal });
    await expect(result).rejects.toThrow('taken over');
  });

  it('tells its progress, but only while it has a task', async () => {
    const notes: (string | undefined)[] = [];
    const { result } = run(async (agent) => agent.tick(), { progress: (note) => void notes.push(note) });
    await result;
    expect(notes).toEqual(['ticked']);
    expect(() => new Scripted(async () => undefined).tick()).toThrow(
      expect.objectContaining({ code: 'agent.not-running' }),
    );
  });

  it('cannot flood the log beyond its budget', async () => {
    const { events, result } = run(
      async (agent) => {
        for (let n = 0; n < 50; n++) await agent.report('action.message-said', { text: 'spam' });
      },
      { maxCalls: 5 },
    );
    await expect(result).rejects.toMatchObject({ code: 'agent.budget-exceeded' });
    expect(events).toHaveLength(6);
  });
});

describe('the registry', () => {
  it('knows the built-in fixers and names them in its error', () => {
    const registry = agentRegistry();
    expect(registry.kinds()).toEqual(['links', 'markdown', 'spelling', 'lint']);
    expect(registry.create('links')).toMatchObject({ kind: 'links', name: 'Links' });
    expect(registry.create('links')).not.toBe(registry.create('links'));
    expect(() => registry.create('poet')).toThrow(/links, markdown, spelling, lint/);
  });

  it('takes agents of the operator, once each, under a well-formed kind', () => {
    const registry = new AgentRegistry();
    registry.register(() => new Scripted(async () => undefined));
    expect(registry.create('scripted').role).toBe('Does what a test says');
    expect(() => registry.register(() => new Scripted(async () => undefined))).toThrow(
      expect.objectContaining({ code: 'agent.already-registered' }),
    );
    class Odd extends Scripted {
      override readonly kind = '../odd';
    }
    expect(() => registry.register(() => new Odd(async () => undefined))).toThrow(
      expect.objectContaining({ code: 'agent.invalid-kind' }),
    );
  });

  it('describes what a plan gives an agent, before any of them works', () => {
    const registry = agentRegistry();
    registry.register(() => new Scripted(async () => undefined), {
      type: 'llm',
      model: { provider: 'ollama', name: 'm', baseUrl: 'http://localhost:11434/v1', credential: 'KEY' },
    });
    expect(registry.describe('scripted')).toMatchObject({
      planned: {
        kind: 'scripted',
        digest: 'scripted@1',
        adapter: 'llm',
        workplace: 'tree',
        model: 'm',
        host: 'localhost:11434',
        credential: 'KEY',
      },
      does: ['links', 'lint', 'spelling', 'markdown', 'todo'],
    });
    expect(registry.describe('links')).toEqual({
      kind: 'links',
      name: 'Links',
      role: expect.any(String),
      understandsWords: false,
      planned: { kind: 'links', digest: expect.stringMatching(/^links@/), adapter: 'built-in', workplace: 'tree' },
      does: [],
    });
  });

  it('leaves the one that it began with as it was', () => {
    agentRegistry().register(() => new Scripted(async () => undefined));
    expect(agentRegistry().kinds()).not.toContain('scripted');
  });
});
