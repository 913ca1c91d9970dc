import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { HyperRunError, type SprintId } from '#contracts';
import { Retainer } from './retainer.js';

const DAY = 86_400_000;
const MINUTE = 60_000;

describe('what is kept only for a time', () => {
  let readable: boolean;
  let asked: number;
  let gone: string[];
  /** Other sprints, and which outputs each sprint refers to in its own stream. */
  let others: readonly object[];
  let outputs: Record<string, string[]>;

  beforeEach(() => {
    others = [];
    outputs = {};
    jest.useFakeTimers({ now: 1000 * DAY });
    readable = true;
    asked = 0;
    gone = [];
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  /** Of one archived sprint that began yesterday and ended now. */
  const retainer = (retain: Record<string, number>) => {
    const dropped: { kind: string; at: number }[] = [];
    const sprintId = 's-1' as SprintId;
    const began = { taskIds: [], requestedAt: Date.now() - DAY };
    const state = { ...began, status: 'completed', sprintId, completedAt: Date.now(), archive: {}, dropped };
    const sprints = new Map([state, ...others.map((other) => ({ ...began, ...other }))].entries());
    const live = { ready: () => Promise.resolve(), world: { sprints } };
    const make = (_: SprintId, { what: { kind } }: { what: { kind: string } }) => {
      dropped.push({ kind, at: Date.now() });
      gone.push(`${kind} after ${(Date.now() - state.completedAt) / DAY} days`);
      return Promise.resolve();
    };
    const read = (stream: string) => {
      asked++;
      const steps = (outputs[stream] ?? []).map((artifact) => ({ output: { tail: '', bytes: 1, artifact } }));
      const verified = [{ type: 'sprint.base-verified', data: { steps } }];
      return readable ? Promise.resolve(verified) : Promise.reject(new HyperRunError('archive.missing', 'It is away.'));
    };
    const times = Object.entries(retain).map(([kind, days]) => [kind, { ms: days * DAY, text: `${days}d` }]);
    const config = { roles: ['orchestrator'], retain: Object.fromEntries(times) as object };
    const artifacts = {
      putAt: () => Promise.resolve(state.completedAt),
      removeOlder: (sha: string) => Promise.resolve(void gone.push(sha[0] ?? '')),
    };
    const parts = [live, { make }, { drop: () => Promise.resolve() }, artifacts, { read }, config] as const;
    return new Retainer(...(parts as unknown as ConstructorParameters<typeof Retainer>));
  };

  it('goes when its time is over, and the archive last, which says what else goes', async () => {
    const one = retainer({ outputs: 30, patches: 7, archives: 10 });
    await one.onApplicationBootstrap();
    await jest.advanceTimersByTimeAsync(29 * DAY);
    expect(gone).toEqual(['patches after 7 days']);
    await jest.advanceTimersByTimeAsync(2 * DAY);
    expect(gone.slice(1)).toEqual(['outputs after 30 days', 'archives after 30 days']);
    await one.onModuleDestroy();
  });

  it('is tried again only after a while where an archive cannot be read, and goes then', async () => {
    readable = false;
    const one = retainer({ outputs: 0, archives: 0 });
    await one.onApplicationBootstrap();
    await jest.advanceTimersByTimeAsync(5 * MINUTE);
    expect([asked, gone]).toEqual([1, []]);
    readable = true;
    await jest.advanceTimersByTimeAsync(10 * MINUTE);
    expect(gone).toHaveLength(2);
    await one.onModuleDestroy();
  });

  const [a, b] = ['a'.repeat(64), 'b'.repeat(64)] as const;
  const at = (days: number) => 1000 * DAY + days * DAY;

  it.each([
    ['is at work since before its end', { baseJob: {}, status: 'running' }, 'b'],
    ['is over, and keeps it longer', { status: 'completed', completedAt: at(5), dropped: [] }, 'b'],
    ['is over, and keeps it no longer', { status: 'completed', dropped: [{ kind: 'outputs', at: at(0) }] }, 'a b'],
    ['began later, and has put there itself what it refers to', { baseJob: {}, requestedAt: at(1) }, 'a b'],
    ['never ran', { status: 'declined' }, 'a b'],
  ])('does not go while another sprint refers to it, one that %s', async (_, other, went) => {
    others = [{ sprintId: 's-2', ...other }];
    outputs = { 'sprint-s-1': [a, b], 'sprint-s-2': [a] };
    const one = retainer({ outputs: 2 });
    await one.onApplicationBootstrap();
    await jest.advanceTimersByTimeAsync(3 * DAY);
    expect(gone.filter((text) => text.length === 1).join(' ')).toBe(went);
    await one.onModuleDestroy();
  });
});
