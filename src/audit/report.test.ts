import { describe, expect, it } from '@jest/globals';
import type { Oid, TaskId } from '#contracts';
import { reportMarkdown, type Report } from './report.js';
import { overlapsOf } from './report-together.js';

const report = (command: string): Report => ({
  sprintId: 's-1',
  repository: 'pages',
  baseCommit: 'a'.repeat(40),
  status: 'completed',
  additions: 0,
  deletions: 0,
  events: 1,
  cost: { modelCalls: 0, tokens: 0, amount: 0 },
  heads: [],
  overlaps: [],
  tasks: [
    {
      taskId: 't-1' as TaskId,
      title: '# <img src=x>',
      agent: 'links',
      outcome: 'failed',
      reason: 'It failed.',
      files: [],
      attempts: 1,
      toolCalls: 1,
      refusals: 0,
      durationMs: 1,
      cost: { modelCalls: 0, tokens: 0, amount: 0 },
      blocks: [],
      reassigned: [],
      verification: [
        {
          run: 1,
          name: 'test',
          command,
          outcome: 'failed',
          exitCode: 1,
          durationMs: 10,
          output: { tail: '', bytes: 0 },
        },
      ],
    },
  ],
});

describe('the report in Markdown', () => {
  it('calls nobody whom a repository names', () => {
    const named = { ...report('npm test'), repository: 'ask @octocat' };
    expect(reportMarkdown(named)).toContain('ask @&#8203;octocat');
  });

  it('shows the words of a repository as words', () => {
    expect(reportMarkdown(report('npm test'))).toContain(String.raw`## ❌ # \<img src=x\>`);
  });

  it('keeps a command of several lines inside its code', () => {
    expect(reportMarkdown(report('npm ci\n\n# Merged!\nnpm test'))).toContain('`npm ci # Merged! npm test` failed');
  });
});

describe('the report of tasks together', () => {
  const [one] = report('npm test').tasks;
  if (one === undefined) throw new Error('A task was expected.');
  const file = (path: string) => ({ path, change: 'modified' as const, additions: 1, deletions: 1 });
  const passed = (id: string, ...paths: readonly string[]) => ({
    ...one,
    taskId: id as TaskId,
    outcome: 'passed',
    branch: `hyper-run/${id}`,
    files: paths.map(file),
  });
  const tasks = [passed('t-1', 'docs/a.md'), passed('t-2', 'docs/a.md', 'docs/`b`.md'), passed('t-3', 'docs/c.md')];
  const overlaps = [{ path: 'docs/a.md', taskIds: ['t-1' as TaskId, 't-2' as TaskId] }];

  it('names the branches that may conflict, as what they did change says', () => {
    const failed = { ...passed('t-4', 'docs/c.md'), outcome: 'failed' };
    expect(overlapsOf([...tasks, failed])).toEqual(overlaps);
    const text = reportMarkdown({ ...report('npm test'), tasks, overlaps });
    expect(text).toContain('These branches may conflict');
    expect(text).toContain('- `docs/a.md`: `hyper-run/t-1`, `hyper-run/t-2`');
    expect(reportMarkdown(report('npm test'))).not.toContain('## Together');
  });

  it('names the branch of the whole sprint, or why there is none', () => {
    const taskIds = tasks.map(({ taskId }) => taskId);
    const merged = { status: 'integrated' as const, taskIds, branch: 'hyper-run/sprint-s-1', commit: 'c' as Oid };
    const text = reportMarkdown({ ...report('npm test'), tasks, overlaps, integration: merged });
    expect(text).toContain('3 tasks merged and verified as a whole: branch `hyper-run/sprint-s-1`, commit `c`.');
    expect(text).not.toContain('may conflict');
    const failed = { status: 'failed' as const, taskIds, reason: 'docs/*a*.md cannot be merged.' };
    expect(reportMarkdown({ ...report('npm test'), tasks, overlaps, integration: failed })).toContain(
      String.raw`**Not merged:** docs/\*a\*.md cannot be merged.`,
    );
  });
});
