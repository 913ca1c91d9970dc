import { describe, expect, it } from '@jest/globals';
import type { Finding } from '#contracts';
import { analyse, memoryTree } from '#findings';
import { recorder, someTask, treeWith } from './attempt.fixture.js';
import { agentRegistry } from './built-in.js';

const files = {
  'docs/guide.md': '# Guide\n\nSee [the constellations](constellations.md).   \n\nWe recieve events.\n',
  'docs/sky/constellations.md': '# Constellations\n\nText.\n',
  'docs/tool.ts': "export const kind = 'tool' as 'tool';\n",
};

const findingsOf = async (): Promise<readonly Finding[]> => (await analyse(memoryTree(files))).findings;

describe('a built-in fixer', () => {
  it.each(['links', 'markdown', 'spelling', 'lint'])(
    'repairs what is its own, through its tools alone: %s',
    async (kind) => {
      const mine = (await findingsOf()).filter(({ fixer }) => fixer === kind);
      expect(mine.length).toBeGreaterThan(0);
      const tree = treeWith(files);
      const { ports, events, types } = recorder(tree);
      const paths = [...new Set(mine.map(({ path }) => path))];
      const result = await agentRegistry()
        .create(kind)
        .run({ task: { ...someTask, evidence: mine, paths }, ports });
      expect(result.outcome).toBe('done');
      const after = await analyse(
        memoryTree(Object.fromEntries([...tree.files].map(([path, content]) => [path, content.toString()]))),
      );
      const left = new Set(after.findings.map(({ findingId }) => findingId));
      expect(mine.filter(({ findingId }) => left.has(findingId))).toEqual([]);
      expect(types()).toEqual(
        expect.arrayContaining(['action.file-read', 'action.file-written', 'action.message-said']),
      );
      const written = events.flatMap(({ type, data }) =>
        type === 'action.file-written' ? [(data as { path: string }).path] : [],
      );
      expect(paths).toEqual(expect.arrayContaining(written));
    },
  );

  it('says so when there is nothing that it can repair', async () => {
    const { ports, types } = recorder(treeWith(files));
    const [first] = await findingsOf();
    const evidence = first ? [{ ...first, findingId: 'f'.repeat(16) }] : [];
    const result = await agentRegistry()
      .create('links')
      .run({ task: { ...someTask, evidence, paths: ['docs/guide.md'] }, ports });
    expect(result).toMatchObject({ outcome: 'gave-up' });
    expect(types()).not.toContain('action.file-written');
  });
});
