import { describe, expect, it } from '@jest/globals';
import type { FeedLine } from '../live/feed.js';
import { lineAt } from '../live/line.fixture.js';
import { LineRing } from '../live/line-ring.js';
import { causeOf } from './cause.js';

const ringOf = (...lines: readonly FeedLine[]) => {
  const ring = new LineRing<FeedLine>(100);
  for (const line of lines) ring.push(line);
  return ring;
};
const of = (type: string, taskId: string, callId?: string) =>
  ({ type, taskId, sprintId: 's-1', data: { callId } }) satisfies Parameters<typeof lineAt>[1];

describe('the cause of an event', () => {
  it('is what the log says that it is', () => {
    const ring = ringOf(lineAt(1, { id: 'one' }), lineAt(2), lineAt(3, { causationId: 'one', type: 'task.queued' }));
    expect(causeOf(ring, 2)).toBe(0);
  });

  it('of a finished command is the start of that command, not of another', () => {
    const ring = ringOf(
      lineAt(1, of('action.command-started', 't-1', 'a')),
      lineAt(2, of('action.command-started', 't-1', 'b')),
      lineAt(3, of('action.command-finished', 't-1', 'a')),
    );
    expect(causeOf(ring, 2)).toBe(0);
  });

  it('of a failure is the failed verification of the same task', () => {
    const ring = ringOf(
      lineAt(1, of('task.verification-failed', 't-1')),
      lineAt(2, of('task.verification-failed', 't-2')),
      lineAt(3, of('task.failed', 't-1')),
    );
    expect(causeOf(ring, 2)).toBe(0);
  });

  it('of a queued task is the approval of its sprint', () => {
    const approval = lineAt(1, { type: 'sprint.plan-approved', sprintId: 's-1' });
    expect(causeOf(ringOf(approval, lineAt(2, of('task.queued', 't-1'))), 1)).toBe(0);
    expect(causeOf(ringOf({ ...approval, sprintId: 's-2' }, lineAt(2, of('task.queued', 't-1'))), 1)).toBeUndefined();
  });
});
