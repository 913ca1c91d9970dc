import { describe, expect, it } from '@jest/globals';
import type { TaskId } from '#contracts';
import { reportMarkdown, type Report } from './report.js';

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
