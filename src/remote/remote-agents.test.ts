import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { AgentId } from '#contracts';
import { RemoteAgents } from './remote-agents.port.js';

const [one, two] = ['mine-1', 'mine-2'] as [AgentId, AgentId];
const SILENT_MS = 60_000;

describe('remote agents that fall silent', () => {
  beforeEach(() => void jest.useFakeTimers({ now: 0 }));
  afterEach(() => void jest.useRealTimers());

  /** Both are there. `meanwhile`: what happens until the dismissal of the first is in the log. */
  const begin = async (meanwhile: () => void) => {
    const agents = new Map([one, two].map((id) => [id, { id, kind: 'mine', status: 'idle' }]));
    const told: string[] = [];
    const shows = (id: AgentId, status: string) => {
      told.push(`${id} ${status}`);
      agents.set(id, { id, kind: 'mine', status });
    };
    const registry = { kinds: () => ['mine'], describe: () => ({ planned: { adapter: 'remote' } }) };
    const roster = {
      enlist: async (kind: string, slot: number) => shows(`${kind}-${slot}` as AgentId, 'idle'),
      dismiss: async (id: AgentId) => {
        if (id === one) meanwhile();
        await Promise.resolve();
        shows(id, 'offline');
      },
    };
    const live = { ready: async () => undefined, onChange: () => () => undefined, world: { board: { agents } } };
    const config = { roles: ['worker'], remoteSeconds: SILENT_MS / 1000 };
    const rooms = [registry, roster, live, {}, {}, config] as unknown as ConstructorParameters<typeof RemoteAgents>;
    const remote = new RemoteAgents(...rooms);
    await remote.onApplicationBootstrap();
    return { remote, told };
  };

  it('are offline, each of them, and the others wait on: also for a word that comes meanwhile', async () => {
    const { remote, told } = await begin(() => void remote.next(two, SILENT_MS));
    await jest.advanceTimersByTimeAsync(SILENT_MS);
    expect(told).toEqual(['mine-1 offline']);
    expect(remote.free('mine')).toBe(1);
    remote.onModuleDestroy();
  });

  it('are there again, and wait for a task, when they say a word while they are dismissed', async () => {
    const { remote, told } = await begin(() => void remote.next(one, SILENT_MS));
    await jest.advanceTimersByTimeAsync(SILENT_MS);
    expect(told).toEqual(['mine-1 offline', 'mine-1 idle', 'mine-2 offline']);
    expect(remote.free('mine')).toBe(1);
    remote.onModuleDestroy();
  });

  it('are not looked for any more when the worker stops, even in the middle of it', async () => {
    const { remote } = await begin(() => remote.onModuleDestroy());
    await jest.advanceTimersByTimeAsync(SILENT_MS / 2);
    await remote.register(two, {});
    await jest.advanceTimersByTimeAsync(SILENT_MS / 2 + 1);
    expect(jest.getTimerCount()).toBe(0);
  });
});
