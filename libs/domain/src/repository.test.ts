import { describe, expect, it } from '@jest/globals';
import type { SprintId } from '#contracts';
import { event } from './decider.js';
import { repositoryId } from './plan.fixture.js';
import { repository } from './repository.js';
import { specify } from './specification.fixture.js';

const { given } = specify(repository);
const registered = event('repository.registered', { repositoryId, path: '/r', name: 'r' });
const started = event('repository.sprint-started', { sprintId: 's-1' as SprintId });
const ended = event('repository.sprint-ended', { sprintId: 's-1' as SprintId });

describe('a repository', () => {
  it('runs one sprint at a time', () => {
    const start = { type: 'start-sprint', sprintId: 's-2' as SprintId } as const;
    expect(given(registered, started).when(start).refusal()).toBe('repository.busy');
    expect(given(registered, started, ended).when(start).refusal()).toBeUndefined();
  });
  it('has to be registered first', () => {
    const dismiss = { type: 'dismiss-finding', findingId: 'f', reason: 'wanted' } as const;
    expect(given().when(dismiss).refusal()).toBe('repository.unknown');
    expect(given(registered).when(dismiss).events()).toHaveLength(1);
  });
  it('is registered once', () => {
    const register = { type: 'register', repositoryId, path: '/r', name: 'r' } as const;
    expect(given().when(register).events()).toEqual([registered]);
    expect(given(registered).when(register).events()).toEqual([]);
  });
});
