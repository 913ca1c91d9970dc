import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Connection } from './connection.fixture.js';
import { envelopeAt } from './envelope.fixture.js';
import { EventHistory } from './event-history.js';
import { start } from './present.js';
import type { SeenEvent } from './told.js';

class Told {
  readonly events: SeenEvent[] = [];
  readonly given: number[] = [];
  add(events: readonly SeenEvent[]): void {
    this.given.push(...events.map(({ position }) => position));
    this.events.push(...events.filter(({ position }) => position > (this.events.at(-1)?.position ?? 0)));
  }
}

describe('the history of something, kept up to date', () => {
  const known = { EventSource: globalThis.EventSource, fetch: globalThis.fetch, navigator: globalThis.navigator };
  /** Answers of the service to whoever asks for the history, in order. */
  let answers: (() => Promise<Response>)[];
  const whole = (until: number) => () => {
    const texts = Array.from({ length: until }, (_, index) => `\u001E${JSON.stringify(envelopeAt(index + 1))}\n`);
    return Promise.resolve(new Response(texts.join('')));
  };
  const tick = () => jest.advanceTimersByTimeAsync(100);

  beforeAll(() => {
    jest.useFakeTimers({ doNotFake: ['performance'] });
    const fake = {
      EventSource: Connection,
      navigator: {},
      fetch: (path: string) =>
        path === '/history' ? (answers.shift() ?? (() => Promise.reject(new Error())))() : Promise.reject(new Error()),
    };
    for (const [name, value] of Object.entries(fake))
      Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  });
  afterAll(() => {
    jest.useRealTimers();
    Object.assign(globalThis, known);
  });

  it('keeps nothing while it cannot be read, and lacks nothing once it can', async () => {
    start();
    answers = [() => Promise.resolve(new Response('{"code":"log.unavailable"}', { status: 503 })), whole(5)];
    const source = { path: '/history', isMine: () => true, begin: () => new Told() };
    const history = new EventHistory(source, () => undefined);
    const leave = history.use();
    await tick();
    expect(history.error).toMatchObject({ code: 'log.unavailable' });
    for (const position of [3, 4, 5]) Connection.last.tell(envelopeAt(position));
    await tick();
    history.retry();
    Connection.last.tell(envelopeAt(6));
    await tick();
    Connection.last.tell(envelopeAt(7));
    await tick();
    expect(history.error).toBeUndefined();
    expect(history.timeline.events.map(({ position }) => position)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(history.timeline.given).toEqual([1, 2, 3, 4, 5, 6, 7]);
    leave();
  });

  it('shows what it knew while it is read anew after a gap, and nothing of it after a redaction', async () => {
    const never = () => Promise.reject(new Error());
    answers = [whole(2), never, whole(3), never];
    const history = new EventHistory(
      { path: '/history', isMine: () => true, begin: () => new Told() },
      () => undefined,
    );
    const leave = history.use();
    const shown = () => history.timeline.events.map(({ position }) => position);
    await tick();
    Connection.last.tell({ reason: 'cursor.unknown' }, 'reset');
    await tick();
    expect([history.loaded, shown()]).toEqual([false, [1, 2]]);
    history.retry();
    await tick();
    expect([history.loaded, shown()]).toEqual([true, [1, 2, 3]]);
    const data = { eventId: 'e-1', version: 1, digest: 'a'.repeat(64), reason: 'a key' };
    Connection.last.tell({ ...envelopeAt(4), type: 'hyperrun.event.redacted', data });
    await tick();
    expect([history.loaded, shown()]).toEqual([false, []]);
    leave();
  });
});
