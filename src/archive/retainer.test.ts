import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { HyperRunError, type SprintId } from '#contracts';
import { Retainer } from './retainer.js';

const DAY = 86_400_000;
const MINUTE = 60_000;

describe('what is kept only for a time', () => {
  let readable: boolean;
  let asked: number;
  let gone: string[];

  beforeEach(() => {
    jest.useFakeTimers({ now: 1000 * DAY });
    readable = true;
    asked = 0;
    gone = [];
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  /** Of one archived sprint that ended now, without a single artefact. */
  const retainer = (retain: Record<string, number>) => {
    const dropped: { kind: string; at: number }[] = [];
    const sprintId = 's-1' as SprintId;
    const state = { status: 'completed', sprintId, taskIds: [], completedAt: Date.now(), archive: {}, dropped };
    const live = { ready: () => Promise.resolve(), world: { sprints: new Map([[sprintId, state]]) } };
    const make = (_: SprintId, { what: { kind } }: { what: { kind: string } }) => {
      dropped.push({ kind, at: Date.now() });
      gone.push(`${kind} after ${(Date.now() - state.completedAt) / DAY} days`);
      return Promise.resolve();
    };
    const read = () => {
      asked++;
      return readable ? Promise.resolve([]) : Promise.reject(new HyperRunError('archive.missing', 'It is away.'));
    };
    const times = Object.entries(retain).map(([kind, days]) => [kind, { ms: days * DAY, text: `${days}d` }]);
    const config = { roles: ['orchestrator'], retain: Object.fromEntries(times) as object };
    const parts = [live, { make }, { drop: () => Promise.resolve() }, {}, { read }, config] as const;
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
});
