import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { AnyEvent, Question } from '#contracts';
import { AcpAgent } from './acp-agent.js';
import { recorder, someTask } from './attempt.fixture.js';
import type { AgentResult } from './base-agent.js';
import type { AcpDefinition, PermissionPolicy } from './definition.js';
import { isConfined, sandboxWith, type SandboxForTest } from './sandbox.fixture.js';
import type { ToolPorts, Usage } from './tools.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const script = join(root, 'test/agents/acp-agent.mjs');

const definition = (behaviour: string, more: Partial<AcpDefinition> = {}): AcpDefinition => ({
  type: 'acp',
  command: ['node', script, behaviour],
  mounts: [join(root, 'node_modules'), join(root, 'test/agents')],
  ...more,
});

const FILES = { 'docs/a.md': '# A\nWe recieve it.\n', 'README.md': 'Read me.\n' };

let sandbox: SandboxForTest | undefined;
afterEach(async () => {
  await sandbox?.close();
  sandbox = undefined;
});

interface Ran {
  readonly events: readonly AnyEvent[];
  readonly result: Promise<AgentResult>;
  readonly refusals: readonly { readonly tool: string; readonly path?: string; readonly count: number }[];
}

const run = async (
  behaviour: string,
  more: Partial<ToolPorts> = {},
  settings: Partial<AcpDefinition> = {},
): Promise<Ran> => {
  sandbox = await sandboxWith(FILES);
  const recorded = recorder(sandbox.tree, { workspace: sandbox, ...more });
  const agent = new AcpAgent('scripted', definition(behaviour, settings));
  const result = agent.run({
    task: { ...someTask, ...(behaviour.startsWith('repeats') && { instructions: 'Be brief.' }) },
    ports: recorded.ports,
  });
  result.catch(() => undefined);
  return { ...recorded, result };
};

const told = (events: readonly AnyEvent[]) =>
  events.map(({ type, data }) => {
    const { origin, text, kind, what, tool, status, outcome, by, path, summary, exitCode } = data as Record<
      string,
      unknown
    >;
    const words = [origin, kind ?? what, tool, status, outcome, by, path, text ?? summary, exitCode].filter(
      (word) => word !== undefined,
    );
    return `${type.replace('action.', '')} ${words.map(String).join(' ')}`;
  });

(isConfined ? describe : describe.skip)('an agent that speaks ACP', () => {
  it('works through our tools and by itself, on one tree, and every step is told as what it is', async () => {
    const spent: Usage[] = [];
    const { events, result } = await run('works', { spend: async (usage) => void spent.push(usage) });
    const { outcome, summary } = await result;
    expect(outcome).toBe('done');
    expect(JSON.parse(summary)).toEqual({
      second: 'We recieve it.',
      exit: 3,
      output: '# A\nWe receive it.\nby itself\nhello\n',
    });
    expect(await sandbox?.text('docs/a.md')).toBe('# A\nWe receive it.\nby itself\n');
    expect(told(events)).toEqual([
      expect.stringMatching(/^command-started observed/),
      'message-said reported message I look around.',
      'message-said reported thought It is a page.',
      'message-said reported plan [ ] Mend',
      'file-read observed docs/a.md',
      'file-read observed docs/a.md',
      'file-written observed docs/a.md',
      'tool-called reported edit started Append · {"to":"docs/a.md"}',
      'tool-called reported edit finished Append · {"to":"docs/a.md"} · ok',
      expect.stringMatching(/^command-started observed/),
      'command-finished observed 3',
      'session-updated reported usage 10 of 100 tokens',
      expect.stringMatching(/^message-said reported message/),
      'session-updated reported usage 12 of 100 tokens',
      'command-finished observed 0',
    ]);
    expect(spent.map(({ cost }) => cost)).toEqual([0.25, 0.5]);
  });

  it('is refused what lies outside its scope, before anything is written, and may go on', async () => {
    const { events, refusals, result } = await run('trespasses');
    const answers = (await result).summary.split('\n');
    expect(answers).toEqual([
      expect.stringMatching(/^refused: .*write was refused \(1 of 3\).*README\.md/),
      expect.stringMatching(/^refused: .*passwd/),
      expect.stringMatching(/^refused: .*write was refused \(2 of 3\).*outside the repository/),
      expect.stringMatching(/^(null|\{\})$/),
    ]);
    expect(refusals.map(({ tool, path, count }) => [tool, path, count])).toEqual([
      ['write', 'README.md', 1],
      ['read', undefined, 1],
      ['write', '/home/agent/.profile', 2],
    ]);
    expect(told(events)).toContain('file-written observed docs/a.md');
    expect([await sandbox?.text('README.md'), await sandbox?.text('docs/a.md')]).toEqual(['Read me.\n', 'better\n']);
  });

  it('is ended by the third refusal', async () => {
    const { refusals, result } = await run('insists');
    await expect(result).rejects.toMatchObject({ code: 'agent.refused-too-often' });
    expect(refusals).toHaveLength(3);
  });

  it('is told what it is to do, with the text of the repository marked as such', async () => {
    await (
      await run('repeats its prompt')
    ).result;
    const prompt = await sandbox?.text('docs/a.md');
    expect(prompt).toMatch(/Its files are in \/repository\./);
    expect(prompt).toMatch(/<data (\w{12})>\nRepair links\nBroken\.\n<\/data \1>/);
    expect(prompt).toMatch(/# What the person wants\nBe brief\./);
  });

  it('may use its own tools as the policy says; what would leave the scope is refused whatever the policy', async () => {
    const questions: Question[] = [];
    const ask = async (question: Question) => {
      questions.push(question);
      return { choice: questions.length === 1 ? 'option-1' : 'option-3', text: 'as I say', timedOut: false };
    };
    const { events, refusals, result } = await run('asks', { ask });
    expect((await result).summary).toBe('edit yes, edit no, execute yes, fetch yes, switch_mode no');
    expect(questions.map(({ text, options }) => [text, options.map(({ label }) => label)])).toEqual([
      ['May it use a tool of its own? Use fetch', ['Yes', 'Always', 'No']],
      ['May it use a tool of its own? Use switch_mode', ['Yes', 'Always', 'No']],
    ]);
    expect(told(events).filter((line) => line.startsWith('permission'))).toEqual([
      'permission-asked observed edit Use edit',
      'permission-answered observed allowed policy',
      'permission-asked observed edit Use edit',
      'permission-answered observed refused policy',
      'permission-asked observed execute Use execute',
      'permission-answered observed allowed policy',
      'permission-asked observed fetch Use fetch',
      'permission-answered observed allowed person',
      'permission-asked observed switch_mode Use switch_mode',
      'permission-answered observed refused person',
    ]);
    expect(refusals).toMatchObject([{ tool: 'permission: edit', path: 'README.md', count: 1 }]);
  });

  it.each<[string, PermissionPolicy, string]>([
    [
      'by the policy',
      { edit: 'refuse', execute: 'refuse', other: 'refuse' },
      'edit no, edit no, execute no, fetch no, switch_mode no',
    ],
    [
      'where nobody can be asked',
      { edit: 'ask', execute: 'allow', other: 'ask' },
      'edit no, edit no, execute yes, fetch no, switch_mode no',
    ],
  ])('is refused its own tools %s', async (_, permissions, answers) => {
    const { result } = await run('asks', {}, { permissions });
    expect((await result).summary).toBe(answers);
  });

  it('asks a person what it needs to know', async () => {
    const questions: Question[] = [];
    const ask = async (question: Question) => {
      questions.push(question);
      return { ...(question.options.length > 0 && { choice: 'option-2' }), text: 'Ada', timedOut: false };
    };
    const { result } = await run('wonders', { ask });
    expect(JSON.parse((await result).summary)).toEqual([
      { action: 'accept', content: { colour: 'blue' } },
      { action: 'accept', content: { name: 'Ada' } },
      { action: 'decline' },
    ]);
    expect(questions.map(({ text, options }) => [text, options])).toEqual([
      [
        'Which one?',
        [
          { id: 'option-1', label: 'red' },
          { id: 'option-2', label: 'blue' },
        ],
      ],
      ['Which one?', []],
    ]);
  });

  it('may say what is not known here, and what is no message, now and then', async () => {
    const { events, result } = await run('says odd things');
    expect(await result).toEqual({ outcome: 'done', summary: 'Done all the same.' });
    expect(told(events).slice(1, -1)).toEqual([
      'session-updated reported unknown sent "malformed", which is not known here',
      'session-updated reported unknown sent "of_tomorrow", which is not known here',
      'message-said reported message Done all the same.',
    ]);
  });

  it('tells of its session, each change once, and how full its context is at each tenth', async () => {
    const { events, result } = await run('tells of its session');
    await result;
    expect(told(events).slice(1, -1)).toEqual([
      'message-said reported prompt Do this.',
      'session-updated reported mode careful',
      'session-updated reported commands plan, undo',
      'session-updated reported options model: large',
      'session-updated reported title Mend links',
      'session-updated reported notice warning: Slow: for now',
      'session-updated reported compaction in_progress',
      'message-said reported summary So far.',
      ...[0, 100, 200].map((used) => `session-updated reported usage ${used} of 1000 tokens`),
      'message-said reported message Told.',
      'session-updated reported usage 255 of 1000 tokens',
    ]);
  });

  it('gives up where it says so', async () => {
    const { result } = await run('stops early');
    expect(await result).toEqual({
      outcome: 'gave-up',
      summary: 'It stopped at the token limit of its model. Its last words: I am tired.',
    });
  });

  it('leaves nothing running when it is done', async () => {
    await (
      await run('leaves something running')
    ).result;
    expect(await sandbox?.text('docs/a.md')).toMatch(/and left\n$/);
  });

  it.each<[string, string, RegExp, Partial<AcpDefinition>]>([
    ['crashes', 'agent.crashed', /^Its program ended with code 7 before it was done: Segmentation fault$/, {}],
    ['ends without a word', 'agent.crashed', /^Its program ended with code 0 before it was done\.$/, {}],
    ['never answers', 'agent.silent', /did not open a session within 1 s/, { startSeconds: 1 }],
    ['speaks another version', 'agent.protocol', /^It speaks version 2 of ACP; version 1 is needed\.$/, {}],
    ['wants a login', 'agent.answered-error', /Authentication required \(-32000\)\. It wants to be logged in/, {}],
    [
      'prints no messages',
      'agent.protocol',
      /^It does not speak ACP: 101 lines were no messages, the last one "line 100"\.$/,
      {},
    ],
    ['prints a huge line', 'agent.protocol', /^It sent a message of more than 8 MiB\.$/, {}],
    ['floods', 'agent.budget-exceeded', /^The attempt may make 100 tool calls/, {}],
    ['loops', 'agent.looping', /^It did the same 8 times, with the same result: read /, {}],
  ])('that %s ends its attempt with a sentence', async (behaviour, code, message, settings) => {
    const { events, result } = await run(behaviour, {}, settings);
    await expect(result).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    expect(told(events).at(-1)).toMatch(/^command-finished observed/);
  });

  it('has the time for its start that the service gives it: that of a task that stands still does not count', async () => {
    const asked: [number, AbortSignal][] = [];
    const never = (ms: number, until: AbortSignal) => (asked.push([ms, until]), new AbortController().signal);
    const { result } = await run('stops early', { abortAfter: never }, { startSeconds: 30 });
    await result;
    expect(asked).toMatchObject([[30_000, { aborted: true }]]);
    await sandbox?.close();
    const over = () => AbortSignal.abort();
    const silent = await run('never answers', { abortAfter: over }, { startSeconds: 30 });
    await expect(silent.result).rejects.toMatchObject({ code: 'agent.silent' });
  });

  it('that has no program here says so', async () => {
    const { result } = await run('works', {}, { command: ['no-such-agent'] });
    await expect(result).rejects.toMatchObject({ code: 'agent.program-missing' });
  });

  it('is told that it is over, and has a moment to stop by itself', async () => {
    const over = new AbortController();
    const emit = ({ type }: AnyEvent) =>
      type === 'action.message-said' ? over.abort(new Error('Called off.')) : undefined;
    const { result } = await run('waits to be cancelled', { signal: over.signal, emit });
    await expect(result).rejects.toThrow('Called off.');
    expect(await sandbox?.text('docs/a.md')).toBe('I heard that it is over.\n');
  });

  it('that does not stop by itself is made to', async () => {
    const over = new AbortController();
    const { result } = await run('hangs', {
      signal: over.signal,
      progress: () => over.abort(new Error('Called off.')),
    });
    await expect(result).rejects.toThrow('Called off.');
  });
});
