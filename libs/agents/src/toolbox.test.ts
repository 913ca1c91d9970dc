import { describe, expect, it } from '@jest/globals';
import { HyperRunError, Sha256, eventSchemas, type SpentBudget } from '#contracts';
import { recorder, treeWith } from './attempt.fixture.js';
import { createToolbox } from './toolbox.js';

const files = {
  'docs/a.md': 'one\ntwo\nthree\n',
  'src/a.ts': 'x',
  '.env': 'TOKEN=abc',
  'docs/b.bin': Buffer.from([0xff, 0xfe, 0]),
};
const ran = { exitCode: 0, output: 'fine\n', durationMs: 12 };

describe('the tools of an agent', () => {
  it('are each a distinct event, observed, of this attempt, valid by its schema', async () => {
    const { ports, events, types, refusals } = recorder(treeWith(files), {
      search: async () => [
        { path: 'docs/a.md', range: { startLine: 1, endLine: 3 }, snippet: 'one', snippetLine: 1, score: 1, why: [] },
      ],
      sandboxRun: async () => ran,
    });
    const { tools } = createToolbox(ports);
    await tools.query('where is one');
    expect(await tools.read('docs/a.md', { startLine: 2, endLine: 2 })).toBe('two');
    expect(await tools.list('docs/')).toEqual(['docs/a.md', 'docs/b.bin']);
    await tools.write('docs/new.md', 'new');
    await tools.edit('docs/a.md', 'two', '2');
    await tools.delete('docs/new.md');
    expect(await tools.run('npm test')).toEqual(ran);
    await tools.say('Done.');
    expect(types()).toEqual([
      'action.hafs-queried',
      'action.file-read',
      'action.tool-called',
      'action.file-written',
      'action.file-written',
      'action.file-deleted',
      'action.command-started',
      'action.command-finished',
      'action.message-said',
    ]);
    for (const { type, data } of events) {
      expect(data).toMatchObject({ attempt: 2, origin: 'observed' });
      expect(eventSchemas[type].safeParse(data).success).toBe(true);
    }
    expect(refusals).toEqual([]);
    expect((await ports.tree.read('docs/a.md'))?.toString()).toBe('one\n2\nthree\n');
  });

  it('refuse what is outside the scope, go on, and end the attempt at the third time', async () => {
    const tree = treeWith(files);
    const { ports, refusals, types } = recorder(tree);
    const { tools, session } = createToolbox(ports);
    await expect(tools.write('src/a.ts', 'evil')).rejects.toMatchObject({ code: 'tool.refused' });
    await expect(tools.delete('src/a.ts')).rejects.toMatchObject({ code: 'tool.refused' });
    await tools.write('docs/a.md', 'good');
    expect(session.failure).toBeUndefined();
    await expect(tools.edit('src/a.ts', 'x', 'y')).rejects.toMatchObject({ code: 'agent.refused-too-often' });
    await expect(tools.read('docs/a.md')).rejects.toMatchObject({ code: 'agent.refused-too-often' });
    expect(session.failure?.code).toBe('agent.refused-too-often');
    expect(refusals).toMatchObject([
      { attempt: 2, tool: 'write', path: 'src/a.ts', code: 'scope.violated', count: 1 },
      { tool: 'delete', count: 2 },
      { tool: 'edit', count: 3 },
    ]);
    expect(types()).toEqual(['action.file-written']);
    expect(tree.files.get('src/a.ts')?.toString()).toBe('x');
  });

  it('do not read what may hold secrets, and read the rest', async () => {
    const { ports, refusals } = recorder(treeWith(files), { unreadable: (path) => path.startsWith('src/') });
    const { tools } = createToolbox(ports);
    await expect(tools.read('.env')).rejects.toMatchObject({ code: 'tool.refused' });
    await expect(tools.read('src/a.ts')).rejects.toMatchObject({ code: 'tool.refused' });
    expect(refusals.map(({ code }) => code)).toEqual(['tool.unreadable', 'tool.unreadable']);
    expect(await tools.read('docs/a.md')).toContain('one');
  });

  it('answer undefined for a missing file, and name what is not text', async () => {
    const { ports, types } = recorder(treeWith(files));
    const { tools } = createToolbox(ports);
    expect(await tools.read('docs/none.md')).toBeUndefined();
    await expect(tools.read('docs/b.bin')).rejects.toMatchObject({ code: 'tool.not-text' });
    expect(types()).toEqual(['action.tool-called', 'action.tool-called']);
  });

  it('edit only where the old text stands exactly once', async () => {
    const { ports } = recorder(treeWith({ 'docs/a.md': 'a a b' }));
    const { tools } = createToolbox(ports);
    await expect(tools.edit('docs/a.md', 'a', 'c')).rejects.toMatchObject({
      code: 'tool.edit-mismatch',
      details: { places: 2 },
    });
    await expect(tools.edit('docs/a.md', '', 'c')).rejects.toMatchObject({ code: 'tool.edit-mismatch' });
    await tools.edit('docs/a.md', 'b', '$&');
    expect(await tools.read('docs/a.md')).toBe('a a $&');
  });

  it('put a patch back where one of its files is refused, also what is too large to be written', async () => {
    const tree = treeWith(files);
    const write = tree.write.bind(tree);
    const tooLarge = new HyperRunError('tree.too-large', 'It is too large.');
    tree.write = (path, content) => (path === 'docs/a.md' ? Promise.reject(tooLarge) : write(path, content));
    const gone = '--- a/docs/a.md\n+++ /dev/null\n@@ -1,3 +0,0 @@\n-one\n-two\n-three\n';
    const outside = '--- a/src/a.ts\n+++ b/src/a.ts\n@@ -1 +1 @@\n-x\n\\ No newline at end of file\n+y\n';
    const { ports, refusals, types } = recorder(tree);
    const { tools } = createToolbox(ports);
    await expect(tools.patch(gone + outside)).rejects.toMatchObject({ code: 'tool.refused' });
    expect(refusals).toMatchObject([{ tool: 'patch', path: 'src/a.ts', code: 'scope.violated' }]);
    expect(tree.files.get('docs/a.md')?.toString()).toBe(files['docs/a.md']);
    expect(types()).toEqual([]);
    expect(await tools.patch(gone)).toEqual(['docs/a.md']);
    expect(tree.files.has('docs/a.md')).toBe(false);
  });

  it('run nothing where there is no sandbox', async () => {
    const { ports, refusals, types } = recorder(treeWith(files));
    await expect(createToolbox(ports).tools.run('rm -rf /')).rejects.toMatchObject({ code: 'tool.no-sandbox' });
    expect(refusals).toMatchObject([{ tool: 'run', code: 'tool.no-sandbox', count: 0 }]);
    expect(types()).toEqual([]);
  });

  it('keep a long output as an artefact and show its end, without secrets', async () => {
    const kept: string[] = [];
    const { ports, events } = recorder(treeWith(files), {
      secrets: ['swordfish'],
      sandboxRun: async () => ({ exitCode: 1, output: `${'line\n'.repeat(4000)}swordfish`, durationMs: 5 }),
      keep: async (content) => {
        kept.push(content.toString());
        return Sha256.parse('a'.repeat(64));
      },
    });
    await createToolbox(ports).tools.run('echo swordfish');
    expect(JSON.stringify(events)).not.toContain('swordfish');
    expect(kept[0]).toMatch(/\[masked\]$/);
    expect(events[1]).toMatchObject({ data: { exitCode: 1, output: { bytes: 20_009, artifact: 'a'.repeat(64) } } });
  });

  it('finish a started command even when the sandbox fails', async () => {
    const { ports, events } = recorder(treeWith(files), { sandboxRun: () => Promise.reject(new Error('no bwrap')) });
    await expect(createToolbox(ports).tools.run('true')).rejects.toThrow('no bwrap');
    expect(events[1]).toMatchObject({
      type: 'action.command-finished',
      data: { exitCode: null, output: { tail: 'no bwrap' } },
    });
  });

  it('stop at the cap on calls, once and for all', async () => {
    const { ports, events } = recorder(treeWith(files), { maxCalls: 2 });
    const { tools, session } = createToolbox(ports);
    await tools.say('1');
    await tools.say('2');
    await expect(tools.say('3')).rejects.toMatchObject({ code: 'agent.budget-exceeded' });
    await expect(tools.say('4')).rejects.toMatchObject({ code: 'agent.budget-exceeded' });
    expect(session.failure?.code).toBe('agent.budget-exceeded');
    expect(events.at(-1)).toEqual({
      type: 'task.budget-exceeded',
      data: { attempt: 2, budget: 'toolCalls', of: 'task', limit: 2, used: 3 },
    });
    expect(events).toHaveLength(3);
  });

  it('go on, each call for itself, when a person has raised the cap far enough for it', async () => {
    let granted = 0;
    const asked: number[] = [];
    const overBudget = async ({ limit, used }: SpentBudget) => {
      asked.push(used);
      granted = Math.max(granted, limit + 1);
      return granted;
    };
    const { ports, types } = recorder(treeWith(files), { maxCalls: 1, overBudget });
    const { tools } = createToolbox(ports);
    await Promise.all(['1', '2', '3'].map((text) => tools.say(text)));
    expect(types()).toHaveLength(3);
    expect(asked).toEqual([2, 3, 3]);
  });

  it('wait while the sprint is paused, and do nothing once it is cancelled', async () => {
    const cancel = new AbortController();
    let resume: () => void = () => undefined;
    const paused = new Promise<void>((resolve) => (resume = resolve));
    const tree = treeWith(files);
    const { ports } = recorder(tree, { signal: cancel.signal, gate: () => paused });
    const { tools } = createToolbox(ports);
    const writing = tools.write('docs/a.md', 'later');
    await Promise.resolve();
    expect(tree.files.get('docs/a.md')?.toString()).toContain('one');
    resume();
    await writing;
    expect(tree.files.get('docs/a.md')?.toString()).toBe('later');
    cancel.abort(new Error('cancelled'));
    await expect(tools.write('docs/a.md', 'too late')).rejects.toThrow('cancelled');
    expect(tree.files.get('docs/a.md')?.toString()).toBe('later');
  });

  it('count as progress, also when refused', async () => {
    let signs = 0;
    const { ports } = recorder(treeWith(files), { progress: () => void signs++ });
    const { tools } = createToolbox(ports);
    await tools.read('docs/a.md');
    await expect(tools.write('src/a.ts', '')).rejects.toMatchObject({ code: 'tool.refused' });
    expect(signs).toBe(2);
  });
});
