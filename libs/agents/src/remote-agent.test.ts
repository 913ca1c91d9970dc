import { describe, expect, it } from '@jest/globals';
import { HyperRunError } from '#contracts';
import { recorder, someTask, treeWith } from './attempt.fixture.js';
import { RemoteAgent } from './remote-agent.js';
import type { RemoteWork } from './remote-work.js';
import type { ToolPorts } from './tools.js';

const FILES = { 'docs/a.md': 'one\ntwo\n', 'docs/b.md': 'b\n', 'src/x.ts': 'x\n', '.env': 'KEY=1\n' };
const definition = { type: 'remote', tokenHash: '0'.repeat(64) } as const;

/** An agent with a task, and its other side. */
const begin = async (more: Partial<ToolPorts> = {}) => {
  const tree = treeWith(FILES);
  const told = recorder(tree, more);
  const agent = new RemoteAgent('mine', definition);
  let ended: Promise<unknown> = Promise.resolve();
  const work = await new Promise<RemoteWork>((open) => {
    ended = agent.run({ task: someTask, ports: { ...told.ports, remote: { open } } }).catch((error: unknown) => error);
  });
  return { ...told, tree, work, ended };
};

const part = (path: string, from: string, to: string) =>
  `--- a/${path}\n+++ b/${path}\n@@ -1 +1 @@\n-${from}\n+${to}\n`;

describe('a remote agent', () => {
  it('works through the tools of every agent, and each of its actions is an event', async () => {
    const { work, ended, events, tree } = await begin();
    expect(work.isOver).toBe(false);
    expect(work.brief).toMatchObject({ taskId: 't-1', prompt: expect.stringContaining('docs/a.md') });
    expect(work.brief.tools.map(({ name }) => name)).toEqual(['read', 'list', 'write', 'edit', 'delete']);
    expect(work.brief.tools[0]?.inputSchema).toMatchObject({ required: ['path'], additionalProperties: false });
    expect(await work.act('read', { path: 'docs/a.md', startLine: 2 })).toEqual({ text: 'two\n' });
    expect(await work.act('read', { path: 'docs/none.md' })).toEqual({ text: null });
    expect(await work.act('list', { folder: 'docs/' })).toEqual({ paths: ['docs/a.md', 'docs/b.md'], more: 0 });
    expect(await work.act('edit', { path: 'docs/a.md', oldText: 'two', newText: '2' })).toEqual({});
    await work.progress('Half of it is done.', { inputTokens: 100, outputTokens: 20, cost: 0.5 });
    await work.progress();
    expect(await work.submit({ outcome: 'done', summary: 'Done.' }, part('docs/b.md', 'b', 'B'))).toEqual({ changed: ['docs/b.md'] }); // prettier-ignore
    expect(work.isOver).toBe(true);
    expect(await ended).toEqual({ outcome: 'done', summary: 'Done.' });
    expect([...tree.files].map(([path, text]) => [path, text.toString()])).toEqual(
      Object.entries({ ...FILES, 'docs/a.md': 'one\n2\n', 'docs/b.md': 'B\n' }),
    );
    expect(events.map(({ type, data }) => [type, (data as { origin: string }).origin])).toEqual([
      ['action.file-read', 'observed'],
      ['action.tool-called', 'observed'],
      ['action.tool-called', 'observed'],
      ['action.file-written', 'observed'],
      ['action.message-said', 'reported'],
      ['action.model-call-finished', 'reported'],
      ['action.file-written', 'observed'],
    ]);
  });

  it('hears which field of a call is wrong, and goes on', async () => {
    const { work, events } = await begin();
    const wrong = async (tool: string, input: unknown, field: string) =>
      expect(work.act(tool, input)).rejects.toMatchObject({
        code: 'request.invalid',
        details: { errors: [expect.objectContaining({ field })] },
      });
    await wrong('paint', {}, 'tool');
    await wrong('read', {}, 'input.path');
    await wrong('read', { path: 'docs/a.md', mode: 'r' }, 'input.mode');
    await wrong('read', [], 'input');
    expect(events).toEqual([]);
    await expect(work.act('run', { command: 'ls' })).rejects.toMatchObject({ code: 'tool.no-sandbox' });
    await expect(work.act('ask', { question: 'May I?' })).rejects.toMatchObject({ code: 'tool.nobody-to-ask' });
    expect(await work.act('read', { path: 'docs/a.md' })).toMatchObject({ text: FILES['docs/a.md'] });
  });

  it('is refused what is out of scope or secret, is told so, and ends at the third time', async () => {
    const { work, ended, refusals } = await begin();
    await expect(work.act('write', { path: 'src/x.ts', content: 'evil' })).rejects.toMatchObject({
      code: 'tool.refused',
    });
    await expect(work.act('read', { path: '.env' })).rejects.toMatchObject({ code: 'tool.refused' });
    await work.act('write', { path: 'docs/a.md', content: 'good' });
    await expect(work.act('delete', { path: 'src/x.ts' })).rejects.toMatchObject({ code: 'agent.refused-too-often' });
    expect(await ended).toMatchObject({ code: 'agent.refused-too-often' });
    expect(refusals.map(({ tool, path, code }) => [tool, path, code])).toEqual([
      ['write', 'src/x.ts', 'scope.violated'],
      ['read', '.env', 'tool.unreadable'],
      ['delete', 'src/x.ts', 'scope.violated'],
    ]);
    await expect(work.act('read', { path: 'docs/a.md' })).rejects.toMatchObject({ code: 'agent.refused-too-often' });
  });

  it('has a patch applied as a whole or not at all, and may hand in another', async () => {
    const { work, ended, tree, refusals, events } = await begin();
    const result = { outcome: 'done', summary: 'Done.' } as const;
    const made = '--- /dev/null\n+++ b/docs/new.md\n@@ -0,0 +1 @@\n+new\n';
    const gone = '--- a/docs/b.md\n+++ /dev/null\n@@ -1 +0,0 @@\n-b\n';
    const outside = part('docs/a.md', 'one', '1') + made + gone + part('src/x.ts', 'x', 'evil');
    await expect(work.submit(result, outside)).rejects.toMatchObject({ code: 'tool.refused', message: expect.stringContaining('src/x.ts') }); // prettier-ignore
    await expect(work.submit(result, part('docs/a.md', 'eins', '1'))).rejects.toMatchObject({ code: 'tool.patch-mismatch' }); // prettier-ignore
    await expect(work.submit(result, part('.env', 'KEY=1', 'KEY=2'))).rejects.toMatchObject({ code: 'tool.refused' });
    expect(Object.fromEntries([...tree.files].map(([path, text]) => [path, text.toString()]))).toEqual(FILES);
    expect(refusals.map(({ tool, path }) => [tool, path])).toEqual([['patch', 'src/x.ts'], ['patch', '.env']]); // prettier-ignore
    expect(events.map(({ type }) => type)).toEqual(['action.tool-called']);
    expect(await work.submit(result, part('docs/a.md', 'one', '1') + made + gone)).toEqual({
      changed: ['docs/a.md', 'docs/new.md', 'docs/b.md'],
    });
    expect(await ended).toEqual(result);
  });

  it('is told of a file that is larger than is read, and goes on with the others', async () => {
    const { work, tree } = await begin();
    const read = tree.read.bind(tree);
    const tooLarge = new HyperRunError('git.object-too-large', 'An object has too many bytes.');
    tree.read = (path) => (path === 'docs/b.md' ? Promise.reject(tooLarge) : read(path));
    await expect(work.act('read', { path: 'docs/b.md' })).rejects.toBe(tooLarge);
    expect(await work.act('read', { path: 'docs/a.md' })).toEqual({ text: FILES['docs/a.md'] });
  });

  it('reads a long file to its end, piece after piece, however long its lines are', async () => {
    const { work, tree } = await begin();
    const [line, long] = [`${'y'.repeat(60_000)}\n`, `${'x'.repeat(150_000)}\n`];
    tree.files.set('docs/b.md', Buffer.from(`${line}${line}${long}end`));
    const read = (startLine: number) => work.act('read', { path: 'docs/b.md', startLine });
    expect(await read(1)).toEqual({ text: line, nextLine: 2 });
    expect(await read(2)).toEqual({ text: line, nextLine: 3 });
    expect(await read(3)).toEqual({ text: long.slice(0, 100_000), nextLine: 4 });
    expect(await read(4)).toEqual({ text: 'end' });
  });

  it('is over when what it needs here breaks', async () => {
    const broken = new HyperRunError('log.unavailable', 'Redis is away.');
    const { work, ended } = await begin({ emit: () => Promise.reject(broken) });
    await expect(work.act('read', { path: 'docs/a.md' })).rejects.toBe(broken);
    expect(await ended).toBe(broken);
  });

  it('has its calls done one after the other', async () => {
    let resume: () => void = () => undefined;
    const paused = new Promise<void>((resolve) => (resume = resolve));
    const { work } = await begin({ gate: () => paused });
    const write = (content: string) => work.act('write', { path: 'docs/a.md', content });
    const calls = Array.from({ length: 20 }, (_, index) => write(String(index)));
    resume();
    await Promise.all(calls);
    expect(await work.act('read', { path: 'docs/a.md' })).toEqual({ text: '19' });
  });
});
