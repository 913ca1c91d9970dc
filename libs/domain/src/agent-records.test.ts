import { describe, expect, it } from '@jest/globals';
import type { EventData, FindingSource, Oid, Sha256, TaskId } from '#contracts';
import { chanceOf, evolveRecords, noRecords, recordOf, type AgentRecords } from './agent-records.js';
import { event } from './decider.js';
import { plannedTask, queued } from './plan.fixture.js';
import { told } from './specification.fixture.js';

const passed = event('task.passed', { branch: 'hyper-run/t-1', commit: 'c'.repeat(40) as Oid });
const failed = (kind: EventData<'task.failed'>['kind']) => event('task.failed', { attempt: 1, kind, reason: 'no' });
const cancelled = event('task.cancelled', { reason: 'enough' });
const collected = event('task.candidate-collected', {
  attempt: 1,
  tree: 'a'.repeat(40) as Oid,
  files: [],
  patch: 'b'.repeat(64) as Sha256,
});

let count = 0;
/** One more task of an agent, from its approval to an end. */
const after = (
  state: AgentRecords,
  agent: string,
  end: typeof passed | typeof cancelled | ReturnType<typeof failed>,
  kind: FindingSource = 'links',
) => {
  const taskId = `t-${(count += 1)}` as TaskId;
  const task = { ...plannedTask(taskId), agent, kind };
  return told([event('task.queued', { ...queued.data, task }), collected, end]).reduce(
    (records, one) => evolveRecords(records, { ...one, taskId }),
    state,
  );
};

describe('the record of an agent', () => {
  it('counts what passed, and what failed through it, for each kind of finding', () => {
    let state = after(noRecords, 'scribe', passed);
    state = after(state, 'scribe', failed('verification-failed'));
    state = after(state, 'scribe', failed('no-change'));
    state = after(state, 'scribe', passed, 'todo');
    expect(recordOf(state, 'scribe', 'links')).toEqual({ agent: 'scribe', kind: 'links', passed: 1, tried: 3 });
    expect(recordOf(state, 'scribe', 'todo')).toMatchObject({ passed: 1, tried: 1 });
    expect(recordOf(state, 'other', 'links')).toMatchObject({ passed: 0, tried: 0 });
    expect(state.open.size).toBe(0);
  });

  it('counts a task for each agent that had it, unless it could not be asked', () => {
    const taskId = 't-passed-on' as TaskId;
    const to = (from: string, next: string, trouble: EventData<'task.reassigned'>['trouble']) =>
      event('task.reassigned', { attempt: 1, from, to: next, trouble, by: 'policy', reason: 'x' });
    const moves = [to('links', 'absent', 'looping'), to('absent', 'scribe', 'unavailable')];
    const state = told([queued, ...moves, passed]).reduce(
      (records, one) => evolveRecords(records, { ...one, taskId: one.type === 'task.queued' ? undefined : taskId }),
      { ...noRecords, open: new Map([[taskId, { agent: 'links', kind: 'links' as const }]]) } as AgentRecords,
    );
    expect([...state.records.values()]).toEqual([
      { agent: 'links', kind: 'links', passed: 0, tried: 1 },
      { agent: 'scribe', kind: 'links', passed: 1, tried: 1 },
    ]);
  });

  it('says nothing of what a person or a machine ended', () => {
    let state = after(noRecords, 'scribe', cancelled);
    state = after(state, 'scribe', failed('attempts-exhausted'));
    state = after(state, 'scribe', failed('unanswered'));
    expect(state).toEqual(noRecords);
  });
});

describe('the chance of an agent', () => {
  it('is one half where nothing is known, above it after success, below it after failure', () => {
    expect(chanceOf({ passed: 0, tried: 0 })).toBe(0.5);
    expect(chanceOf({ passed: 1, tried: 1 })).toBeGreaterThan(0.5);
    expect(chanceOf({ passed: 1, tried: 4 })).toBeLessThan(0.5);
  });

  it('grows with the evidence for the same rate', () =>
    expect(chanceOf({ passed: 90, tried: 100 })).toBeGreaterThan(chanceOf({ passed: 9, tried: 10 })));
});
