import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Connection } from './connection.fixture.js';
import { envelopeAt } from './envelope.fixture.js';
import { alerts, readAgain, snapshot, start } from './present.js';

describe('the present, read twice at once', () => {
  const known = { EventSource: globalThis.EventSource, fetch: globalThis.fetch, navigator: globalThis.navigator };
  /** Who waits for a list of alerts, in the order in which they asked; the other snapshots are there at once. */
  let asked: { readonly resolve: (answer: Response) => void; readonly reject: (error: Error) => void }[] = [];
  const answerOf = (path: string): Promise<Response> => {
    if (path === '/health/clock') return Promise.reject(new Error('No clock.'));
    if (!path.startsWith('/alerts')) return Promise.resolve(new Response('{"items":[],"isolation":"none"}'));
    return new Promise((resolve, reject) => asked.push({ resolve, reject }));
  };
  const list = (...alertIds: string[]) =>
    new Response(JSON.stringify({ items: alertIds.map((alertId) => ({ alertId })) }));
  const tick = () => jest.advanceTimersByTimeAsync(100);
  const raise = (position: number, alertId: string) => {
    const told = { type: 'hyperrun.alert.raised', data: { alertId, severity: 'info', kind: 'test', text: 'Look' } };
    Connection.last.tell({ ...envelopeAt(position), ...told });
    return tick();
  };
  const shown = () => [...alerts.get().keys()];

  beforeAll(() => {
    jest.useFakeTimers();
    for (const [name, value] of Object.entries({ EventSource: Connection, navigator: {}, fetch: answerOf }))
      Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
    start();
  });
  afterAll(() => {
    jest.useRealTimers();
    Object.assign(globalThis, known);
  });

  it('takes the newest reading alone, and all that came since the first began', async () => {
    readAgain();
    await raise(1, 'first');
    readAgain();
    await raise(2, 'second');
    asked[0]?.resolve(list('old'));
    await raise(3, 'third');
    expect([snapshot.get().loaded, shown()]).toEqual([false, []]);
    asked[1]?.resolve(list('new'));
    await tick();
    expect([snapshot.get().failed, shown()]).toEqual([undefined, ['new', 'first', 'second', 'third']]);
    await raise(4, 'fourth');
    expect(shown()).toContain('fourth');
  });

  it('says nothing of an older reading that failed', async () => {
    asked = [];
    readAgain();
    readAgain();
    asked[0]?.reject(new Error('gone'));
    await tick();
    expect(snapshot.get().failed).toBeUndefined();
    await raise(5, 'fifth');
    asked[1]?.resolve(list());
    await tick();
    expect([snapshot.get().failed, shown()]).toEqual([undefined, ['fifth']]);
  });

  it('is read again when the stream is there again, where it could not be read', async () => {
    Connection.last.tell({ cursor: 'a.1' }, 'hello');
    await tick();
    asked.at(-1)?.resolve(list());
    await tick();
    asked = [];
    Connection.last.tell({ reason: 'gone', oldest: 'a.0' }, 'reset');
    await tick();
    asked.at(-1)?.reject(new Error('gone'));
    await tick();
    expect(snapshot.get().failed).toBeDefined();
    const before = asked.length;
    Connection.last.tell({ cursor: 'a.9' }, 'hello');
    await tick();
    expect(asked).toHaveLength(before + 1);
    asked.at(-1)?.resolve(list('there'));
    await tick();
    expect([snapshot.get().failed, shown()]).toEqual([undefined, ['there']]);
  });
});
