import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { AnyEvent } from '#contracts';
import { recorder, someTask } from './attempt.fixture.js';
import { CommandAgent } from './command-agent.js';
import type { CommandDefinition } from './definition.js';
import { isConfined, sandboxWith, type SandboxForTest } from './sandbox.fixture.js';
import type { ToolPorts, Usage } from './tools.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const script = join(root, 'test/agents/command-agent.mjs');

let sandbox: SandboxForTest | undefined;
afterEach(async () => {
  await sandbox?.close();
  sandbox = undefined;
});

const run = async (behaviour: string, settings: Partial<CommandDefinition> = {}, more: Partial<ToolPorts> = {}) => {
  sandbox = await sandboxWith({ 'docs/a.md': '# A\n' });
  const kept: string[] = [];
  const spent: Usage[] = [];
  const recorded = recorder(sandbox.tree, {
    workspace: sandbox,
    spend: async (usage) => void spent.push(usage),
    keep: async (content) => (kept.push(content.toString()), 'a'.repeat(64) as never),
    ...more,
  });
  const agent = new CommandAgent('scripted', {
    type: 'command',
    command: ['node', script, behaviour, '{prompt}', '{paths}'],
    mounts: [join(root, 'test/agents')],
    format: 'text',
    prompt: 'argument',
    ...settings,
  });
  const result = agent.run({ task: someTask, ports: recorded.ports });
  result.catch(() => undefined);
  return { ...recorded, kept, spent, result };
};

const told = (events: readonly AnyEvent[]) =>
  events.slice(1, -1).map(({ type, data }) => {
    const { origin, text, kind, tool, status, summary, paths } = data as Record<string, unknown>;
    const words = [origin === 'reported' ? undefined : origin, kind, tool, status, text ?? summary, paths];
    return [type.replace('action.', ''), ...words.filter((word) => word !== undefined).map(String)].join(' ');
  });
const total = (spent: readonly Usage[]) =>
  spent.reduce(
    (sum, { inputTokens, outputTokens, cost }) => [sum[0] + inputTokens, sum[1] + outputTokens, sum[2] + cost] as const,
    [0, 0, 0] as readonly [number, number, number],
  );

(isConfined ? describe : describe.skip)('an agent that is a command line', () => {
  it.each<[CommandDefinition['format'], string, readonly string[], readonly [number, number, number]]>([
    [
      'claude',
      'Mended.',
      [
        'message-said thought A typo.',
        'message-said message I mend it.',
        'tool-called Edit started {"file_path":"/repository/docs/a.md"} docs/a.md',
        'tool-called Edit finished {"file_path":"/repository/docs/a.md"} · edited docs/a.md',
        'tool-called Bash started {"command":"false"}',
        'tool-called Bash failed {"command":"false"} · no',
      ],
      [300, 50, 0.5],
    ],
    [
      'codex',
      'Mended.',
      [
        'message-said thought A typo.',
        'message-said plan [ ] Mend',
        'tool-called command_execution started ls',
        'tool-called command_execution finished ls · docs',
        'tool-called file_change finished update /repository/docs/a.md docs/a.md',
        'tool-called command_execution failed false',
        'message-said message Mended.',
      ],
      [300, 50, 0],
    ],
    [
      'gemini',
      'warning: slow',
      [
        'message-said message I mend it.',
        'tool-called replace started {"file_path":"/repository/docs/a.md"} docs/a.md',
        'tool-called replace finished {"file_path":"/repository/docs/a.md"} · ok docs/a.md',
        'tool-called run_shell_command started {"command":"false"}',
        'tool-called run_shell_command failed {"command":"false"} · {"type":"x","message":"no"}',
        'message-said message warning: slow',
      ],
      [300, 50, 0],
    ],
    [
      'opencode',
      'I mend it.',
      [
        'message-said message I mend it.',
        'tool-called edit finished {"filePath":"/repository/docs/a.md"} · ok docs/a.md',
        'tool-called bash failed {"command":"false"} · no',
      ],
      [300, 50, 0.5],
    ],
    ['text', 'I mend it.\n{"is": "text too"}', ['message-said message I mend it.\n{"is": "text too"}'], [0, 0, 0]],
  ])('tells what %s prints, event by event, and what it used', async (format, summary, events, used) => {
    const ran = await run(format, { format });
    expect(await ran.result).toEqual({ outcome: 'done', summary });
    expect(told(ran.events)).toEqual(events);
    expect(total(ran.spent)).toEqual(used);
    expect(await sandbox?.text('docs/a.md')).toBe('# A\nmended\n');
  });

  it('keeps every line as it came', async () => {
    const { events, result } = await run('claude', { format: 'claude' });
    await result;
    const finished = events.at(-1);
    const output = finished?.type === 'action.command-finished' ? finished.data : undefined;
    expect(output).toMatchObject({ exitCode: 0, origin: 'observed' });
    expect(output?.output.tail.split('\n')).toEqual([
      ...Array.from({ length: 4 }, () => expect.stringMatching(/^\{"type":/)),
      'a warning that is no JSON',
      ...Array.from({ length: 5 }, () => expect.stringMatching(/^\{"type":/)),
      '',
    ]);
  });

  it('is told its task as an argument, with the files that it may change', async () => {
    await (
      await run('hears')
    ).result;
    expect(await sandbox?.text('docs/a.md')).toMatch(
      /^You improve a git repository[\s\S]*\n\/repository\/docs\/a\.md$/,
    );
  });

  it('is told its task on its input, where it wants that', async () => {
    const { result } = await run('hears its input', { prompt: 'stdin', command: ['node', script, 'hears its input'] });
    await result;
    expect(await sandbox?.text('docs/a.md')).toMatch(/^You improve a git repository/);
  });

  it('has given up where it says so, whatever its exit code', async () => {
    const { result } = await run('says that it failed', { format: 'claude' });
    expect(await result).toEqual({ outcome: 'gave-up', summary: 'Too many turns.' });
  });

  it('is done when it ends, and what it left running is not', async () => {
    await (
      await run('is a daemon')
    ).result;
    expect(await sandbox?.text('docs/a.md')).toBe('# A\nmended\n');
  });

  it.each([
    ['ends with 3', 'agent.crashed', /^Its program ended with code 3: no such model$/],
    ['floods', 'agent.budget-exceeded', /^The attempt may make 100 tool calls/],
  ])('that %s ends its attempt with a sentence', async (behaviour, code, message) => {
    const { result } = await run(behaviour);
    await expect(result).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it('that prints without an end into nothing is stopped', async () => {
    const { result } = await run('floods', { format: 'claude' });
    await expect(result).rejects.toMatchObject({ code: 'agent.flooded' });
  });

  it.each(['hangs', 'loops', 'forks'])('that %s ends with its attempt', async (behaviour) => {
    const over = new AbortController();
    const { result } = await run(behaviour, {}, { signal: over.signal });
    while (sandbox?.starts() === 0) await new Promise((resolve) => setImmediate(resolve));
    over.abort(new Error('Called off.'));
    await expect(result).rejects.toThrow('Called off.');
  });
});
