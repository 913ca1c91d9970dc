import { describe, expect, it } from '@jest/globals';
import type { Recorded } from '#contracts';
import { event } from '#domain';
import { blocksMarkdown, blocksOf, costText } from './report-costs.js';

const at = (second: number, told: ReturnType<typeof event>, actor = 'worker:w-1') =>
  ({ ...told, actor, time: Date.UTC(2026, 0, 1, 0, 0, second) }) as unknown as Recorded;

const question = {
  questionId: 'q-1',
  text: 'Which <spelling>?',
  options: [{ id: 'gb', label: 'The British one' }],
};
const spent = { budget: 'tokens', of: 'task', limit: 1000, used: 1200 } as const;
const asked = event('task.blocked', { attempt: 1, kind: 'question', reason: 'The agent asks: Which?', question });
const usedUp = event('task.blocked', { attempt: 1, kind: 'budget', reason: '1,200 of 1,000 tokens are used.', spent });
const answer = (more: object, kind: 'question' | 'budget' = 'question') =>
  event('task.answered', { attempt: 1, kind, text: '', timedOut: false, ...more });

describe('what a task asked of people', () => {
  it('is told with what it was given, by whom and when', () => {
    const granted = { budget: 'tokens', of: 'task', amount: 500 } as const;
    const blocks = blocksOf([
      at(1, asked),
      at(2, answer({ questionId: 'q-1', choice: 'gb', text: 'As ever.' }), 'person:ada'),
      at(3, usedUp),
      at(4, answer({ granted }, 'budget'), 'person:ada'),
    ]);
    expect(blocks).toEqual([
      {
        kind: 'question',
        asked: 'Which <spelling>?',
        askedAt: '2026-01-01T00:00:01.000Z',
        answered: {
          at: '2026-01-01T00:00:02.000Z',
          by: 'person:ada',
          text: 'The British one: As ever.',
          timedOut: false,
        },
      },
      {
        kind: 'budget',
        asked: '1,200 of 1,000 tokens are used.',
        askedAt: '2026-01-01T00:00:03.000Z',
        spent,
        answered: { at: '2026-01-01T00:00:04.000Z', by: 'person:ada', text: '', granted, timedOut: false },
      },
    ]);
    expect(blocksMarkdown(blocks)).toEqual([
      '',
      String.raw`- Asked: Which \<spelling\>? person:ada: The British one: As ever.`,
      '- Asked: 1,200 of 1,000 tokens are used. person:ada: 500 tokens more granted',
    ]);
  });

  it('has no answer where the task ended before anybody gave one, and says where nobody did in time', () => {
    const blocks = blocksOf([at(1, asked), at(2, asked), at(3, answer({ timedOut: true }), 'orchestrator')]);
    expect(blocksMarkdown(blocks).map((line) => line.split('? ')[1])).toEqual([
      undefined,
      'Not answered.',
      'Nobody answered in time.',
    ]);
    expect(blocksMarkdown([])).toEqual([]);
  });
});

describe('what a task cost', () => {
  it('is told with the money where there is any', () => {
    expect(costText({ modelCalls: 1, tokens: 1200, amount: 0 })).toBe('1 model call, 1,200 tokens');
    expect(costText({ modelCalls: 2, tokens: 0, amount: 0.25 })).toBe('2 model calls, 0 tokens, $0.25');
  });
});
