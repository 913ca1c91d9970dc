import { describe, expect, it } from '@jest/globals';
import type { AgentId, AnyEvent, Epoch, Oid, Sha256, StepResult } from '#contracts';
import { event } from '#domain';
import { ada, queued } from '../../../libs/domain/src/plan.fixture.js';
import type { SeenEvent } from '../live/told.js';
import { TaskTimeline } from './task-timeline.js';

const by = { attempt: 1, origin: 'observed' } as const;
const tree = 'b'.repeat(40) as Oid;
const claimed = (attempt = 1) =>
  event('task.claimed', { worker: ada, agentId: 'links-1' as AgentId, attempt, epoch: attempt as Epoch });
const commandStarted = (callId: string) => event('action.command-started', { ...by, callId, command: 'npm test' });
const commandFinished = (callId: string, exitCode: number | null) =>
  event('action.command-finished', { ...by, callId, exitCode, durationMs: 1200, output: { tail: 'ok\n', bytes: 3 } });
const written = (path: string, bytes = 7) =>
  event('action.file-written', { ...by, path, bytes, content: 'c'.repeat(64) as Sha256 });
const step = (outcome: StepResult['outcome']): StepResult => ({
  name: 'test',
  command: 'npm test',
  outcome,
  exitCode: 0,
  durationMs: 5,
  output: { tail: '', bytes: 0 },
});
const verifying = (run: number) =>
  event('task.verification-started', { attempt: 1, run, tree, isolation: 'bwrap', weak: false });

/** One second apart. */
const seen = (...events: readonly AnyEvent[]): SeenEvent[] =>
  events.map(
    (one, index) =>
      ({
        ...one,
        id: `e-${index}`,
        position: index + 1,
        version: index + 1,
        time: index * 1000,
      }) as unknown as SeenEvent,
  );
const tell = (...events: readonly AnyEvent[]) => {
  const timeline = new TaskTimeline();
  timeline.add(seen(queued, ...events));
  return timeline;
};
const textsOf = (timeline: TaskTimeline) => timeline.rows.slice(1).map(({ text }) => text);

describe('the lines of a task', () => {
  it('are one for the beginning and the end of a command', () => {
    const timeline = tell(claimed(), commandStarted('c'), written('a.md'), commandFinished('c', 0));
    expect(textsOf(timeline)).toEqual(['links-1 takes it', 'runs npm test · done in 1 s', 'wrote a.md (7 B)']);
    expect(timeline.rows[2]).toMatchObject({ open: false, tookMs: 2000, detail: 'ok\n' });
  });
  it('say of a command that it still runs', () =>
    expect(tell(claimed(), commandStarted('c')).rows.at(-1)).toMatchObject({ open: true, text: 'runs npm test' }));
  it('tell calls apart by kind and by attempt, where they have the same id', () => {
    const other = event('action.model-call-started', { ...by, callId: 'c', model: 'small' });
    const second = { ...commandFinished('c', 1), data: { ...commandFinished('c', 1).data, attempt: 2 } };
    expect(textsOf(tell(commandStarted('c'), other, second))).toEqual([
      'runs npm test',
      'asks small',
      'command ended with 1 after 1 s',
    ]);
  });
  it('mark what an agent only says, and what was refused', () => {
    const own = event('action.tool-called', {
      attempt: 1,
      origin: 'reported',
      callId: 't',
      tool: 'grep',
      summary: 'x',
    });
    const refused = event('task.tool-refused', { attempt: 1, tool: 'write', code: 'c', reason: 'outside', count: 1 });
    const rows = tell(claimed(), own, refused).rows;
    expect(rows[2]).toMatchObject({ reported: true, trouble: false });
    expect(rows[3]).toMatchObject({ reported: false, trouble: true, text: 'refused: write: outside' });
  });
  it('hold no marks that could reorder them', () => {
    const said = event('action.message-said', { ...by, text: 'a\u202eb\u001b[31mc\nd' });
    expect(textsOf(tell(said))).toEqual(['says: abc d']);
  });
  it('are taken once, however often they come', () => {
    const timeline = new TaskTimeline();
    timeline.add(seen(queued, claimed()));
    timeline.add(seen(queued, claimed(), written('a.md')));
    expect(timeline.rows).toHaveLength(3);
  });
});

describe('the story of a task', () => {
  it('knows the files of the attempt that goes on, as they were left last', () => {
    const deleted = event('action.file-deleted', { ...by, path: 'b.md' });
    const interrupted = event('task.attempt-interrupted', { attempt: 1, worker: ada, reason: 'lost' });
    const timeline = tell(
      claimed(),
      written('x.md'),
      interrupted,
      claimed(2),
      written('a.md', 1),
      written('a.md'),
      deleted,
    );
    expect([...timeline.touched.values()]).toEqual([
      { path: 'a.md', change: 'written', bytes: 7 },
      { path: 'b.md', change: 'deleted', bytes: 0 },
    ]);
    expect(timeline.attempts).toMatchObject([{ number: 1, interrupted: 'lost', to: 3000 }, { number: 2 }]);
    expect(timeline.attempts[1]?.to).toBeUndefined();
  });
  it('keeps each run of the verification with its steps, and the verdict', () => {
    const done = (run: number, outcome: StepResult['outcome']) =>
      event('task.verification-step-finished', { attempt: 1, run, step: step(outcome) });
    const failed = event('task.verification-failed', { attempt: 1, tree, reason: 'npm test failed' });
    const timeline = tell(claimed(), verifying(1), done(1, 'passed'), verifying(2), done(2, 'failed'), failed);
    expect(timeline.runs.map(({ run, steps }) => [run, steps.map(({ outcome }) => outcome)])).toEqual([
      [1, ['passed']],
      [2, ['failed']],
    ]);
    expect(timeline.verdict).toEqual({ attempt: 1, passed: false, reason: 'npm test failed' });
    expect(tell(claimed(), verifying(1)).verdict).toBeUndefined();
  });
});
