import { describe, expect, it } from '@jest/globals';
import { patched } from './unified-diff.js';

const FILES: Record<string, string> = {
  'a.md': 'one\ntwo\nthree\n',
  'open.md': 'one\ntwo',
  'dos.md': 'one\r\ntwo\r\n',
};
const apply = (diff: string) => patched(diff, async (path) => FILES[path]);
const git = (path: string, ...lines: readonly string[]) =>
  [`diff --git a/${path} b/${path}`, `--- a/${path}`, `+++ b/${path}`, ...lines, ''].join('\n');

describe('a unified diff', () => {
  it('changes, makes and deletes files, as git writes it and as diff does', async () => {
    const made =
      'diff --git a/new.md b/new.md\nnew file mode 100644\n--- /dev/null\n+++ b/new.md\n@@ -0,0 +1,2 @@\n+x\n+y\n';
    const gone = 'diff --git a/open.md b/open.md\ndeleted file mode 100644\n--- a/open.md\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-one\n-two\n\\ No newline at end of file\n'; // prettier-ignore
    expect(await apply(git('a.md', '@@ -1,3 +1,3 @@', ' one', '-two', '+2', ' three') + made + gone)).toEqual([
      { path: 'a.md', content: 'one\n2\nthree\n' },
      { path: 'new.md', content: 'x\ny\n' },
      { path: 'open.md', content: undefined },
    ]);
    expect(await apply('--- a.md\t2024-05-01\n+++ a.md\t2024-05-02\n@@ -3 +3 @@\n-three\n+3\n')).toEqual([
      { path: 'a.md', content: 'one\ntwo\n3\n' },
    ]);
    expect(await apply('diff --git a/e.md b/e.md\nnew file mode 100644\nindex 0000000..e69de29\n')).toEqual([
      { path: 'e.md', content: '' },
    ]);
  });

  it('keeps line ends, and the end of a file that has none', async () => {
    expect(await apply(git('dos.md', '@@ -2 +2 @@', '-two\r', '+2\r'))).toEqual([{ path: 'dos.md', content: 'one\r\n2\r\n' }]); // prettier-ignore
    const open = ['@@ -2 +2 @@', '-two', '\\ No newline at end of file', '+2'];
    expect(await apply(git('open.md', ...open))).toEqual([{ path: 'open.md', content: 'one\n2\n' }]);
    const several = ['@@ -1 +1 @@', '-one', '+1', '@@ -3,0 +4 @@', '+four'];
    expect((await apply(git('a.md', ...several)))[0]?.content).toBe('1\ntwo\nthree\nfour\n');
  });

  it.each([
    ['text that is none', 'Here is the patch: none.', /names no file|no file in it/],
    ['a line that is not there', git('a.md', '@@ -2 +2 @@', '-zwei', '+2'), /"a\.md".*Line 2 is not/],
    ['a place that is not there', git('a.md', '@@ -9 +9 @@', '-two', '+2'), /no line 9/],
    ['parts out of order', git('a.md', '@@ -3 +3 @@', '-three', '+3', '@@ -1 +1 @@', '-one', '+1'), /no line 1 /],
    ['a file that is not there', git('b.md', '@@ -1 +1 @@', '-x', '+y'), /no such file/],
    ['a file made that is there', '--- /dev/null\n+++ b/a.md\n@@ -0,0 +1 @@\n+x\n', /there already/],
    ['a file half deleted', '--- a/a.md\n+++ /dev/null\n@@ -1 +0,0 @@\n-one\n', /a part of it/],
    ['one file twice', git('a.md', '@@ -1 +1 @@', '-one', '+1') + git('a.md', '@@ -1 +1 @@', '-one', '+2'), /twice/],
    ['a file that moves', 'diff --git a/a.md b/b.md\nrename from a.md\nrename to b.md\n', /renamed/],
    ['another mode', 'diff --git a/a.md b/a.md\nold mode 100644\nnew mode 100755\n', /mode/],
    [
      'a symbolic link',
      'diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+/etc\n',
      /mode/,
    ],
    ['binary content', 'diff --git a/a.md b/a.md\nBinary files a/a.md and b/a.md differ\n', /binary/],
    ['more files than a task may change', '--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+x\n'.repeat(1001), /more than 1000/],
    ['counts that are wrong', git('a.md', '@@ -1,9 +1,9 @@', ' one'), /no unified diff/],
  ])('is not applied: %s', async (_, diff, why) => {
    await expect(apply(diff)).rejects.toMatchObject({
      code: 'tool.patch-mismatch',
      message: expect.stringMatching(why),
    });
  });
});
