import { describe, expect, it } from '@jest/globals';
import type { AgentId, AnyEvent, Epoch, Oid, Sha256 } from '#contracts';
import { event, fold, task } from '#domain';
import { ada, queued } from '../../../libs/domain/src/plan.fixture.js';
import { told } from '../../../libs/domain/src/specification.fixture.js';
import { deedsOf, quoted, standingOf } from './standing.js';

const claimed = event('task.claimed', { worker: ada, agentId: 'links-1' as AgentId, attempt: 1, epoch: 1 as Epoch });
const collected = event('task.candidate-collected', {
  attempt: 1,
  tree: 'a'.repeat(40) as Oid,
  files: [],
  patch: 'b'.repeat(64) as Sha256,
});
const blocked = event('task.blocked', { attempt: 1, kind: 'question', reason: 'The agent asks: Which\u202e?' });
const failed = event('task.failed', { attempt: 1, kind: 'verification-failed', reason: 'npm test failed' });
const stateOf = (...events: readonly AnyEvent[]) => fold(task, told([queued, ...events]));

describe('where a task stands', () => {
  const textOf = (...events: readonly AnyEvent[]) => standingOf(stateOf(...events), 62_000).text;
  it('is said in a sentence', () => {
    expect(textOf()).toBe('It waits for an agent.');
    expect(textOf(claimed)).toBe('links-1 is at it since 1 min.');
    expect(textOf(claimed, collected, failed)).toBe('npm test failed');
  });
  it('holds no marks that could reorder it', () =>
    expect(textOf(claimed, blocked)).toBe('It waits for you: The agent asks: Which?'));
});

describe('what a person can do about a task', () => {
  it.each<[string, readonly AnyEvent[], string]>([
    ['queued', [], 'cancel'],
    ['at work', [claimed], 'cancel'],
    ['blocked', [claimed, blocked], 'answer discard cancel'],
    ['failed without a candidate', [claimed, failed], 'retry'],
    ['failed with one', [claimed, collected, failed], 'retry request-changes'],
    ['declined', [], ''],
  ])('that is %s', (name, events, deeds) => {
    const state =
      name === 'declined'
        ? fold(task, told([event('task.declined', { sprintId: queued.data.sprintId, task: queued.data.task })]))
        : stateOf(...events);
    expect(deedsOf(state).join(' ')).toBe(deeds);
  });
});

describe('a path for a shell', () => {
  it.each([
    ['/home/me/atlas-2', '/home/me/atlas-2'],
    ["/tmp/it's $(mine)", `'/tmp/it'\\''s $(mine)'`],
  ])('%s becomes %s', (path, text) => expect(quoted(path)).toBe(text));
});
