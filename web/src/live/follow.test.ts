import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { follow, type StreamMessage } from './follow.js';

const HELLO = JSON.stringify({ cursor: 'a.1', oldest: 'a.0', serverTime: '2026-01-01T00:00:00Z' });

/** A connection that does what a test has it do: a real one ends when it likes. */
class Connection extends EventTarget {
  static readonly CLOSED = 2;
  static all: Connection[] = [];
  readyState = 1;
  constructor(readonly url: string) {
    super();
    Connection.all.push(this);
  }
  close(): void {
    this.readyState = Connection.CLOSED;
  }
  hello(): void {
    this.dispatchEvent(new MessageEvent('hello', { data: HELLO, lastEventId: 'a.1' }));
  }
  /** The browser comes back by itself. */
  end(): void {
    this.readyState = 0;
    this.dispatchEvent(new Event('error'));
  }
  refuse(): void {
    this.readyState = Connection.CLOSED;
    this.dispatchEvent(new Event('error'));
  }
}

describe('the link of the page to the stream', () => {
  const known = { EventSource: globalThis.EventSource, fetch: globalThis.fetch };
  let told: StreamMessage[];
  let stop: () => void;
  const states = () => told.flatMap((message) => (message.kind === 'state' ? [[message.state, message.since]] : []));
  const connection = () => Connection.all.at(-1) as Connection;

  beforeEach(() => {
    jest.useFakeTimers({ now: 0 });
    Connection.all = [];
    told = [];
    globalThis.EventSource = Connection as unknown as typeof EventSource;
    stop = follow((message) => told.push(message));
    connection().hello();
    told = [];
  });
  afterEach(() => {
    stop();
    jest.useRealTimers();
    Object.assign(globalThis, known);
  });

  it('is not lost when a connection ends as planned, and is taken up a second later', () => {
    connection().end();
    jest.advanceTimersByTime(1000);
    connection().hello();
    jest.advanceTimersByTime(60_000);
    expect(states()).toEqual([['live', 1000]]);
  });

  it('is lost when nobody answers soon, since the connection ended', () => {
    jest.setSystemTime(100);
    connection().end();
    jest.advanceTimersByTime(1000);
    connection().end();
    jest.advanceTimersByTime(1500);
    expect(states()).toEqual([['lost', 100]]);
  });

  it('has been away since it broke, however often it was refused', async () => {
    globalThis.fetch = async () => new Response('{"code":"stream.full"}', { status: 503 });
    for (let times = 0; times < 3; times++) {
      connection().refuse();
      await jest.advanceTimersByTimeAsync(15_000);
    }
    expect(states()).toEqual([['full', 0], ['full', 0], ['full', 0]]); // prettier-ignore
    connection().hello();
    expect(states().at(-1)).toEqual(['live', 45_000]);
  });

  it('says after which cursor it told what came together', () => {
    for (const cursor of ['a.2', 'a.3'])
      connection().dispatchEvent(new MessageEvent('message', { data: cursor, lastEventId: cursor }));
    jest.advanceTimersByTime(0);
    expect(told).toMatchObject([{ kind: 'batch', events: ['a.2', 'a.3'], cursor: 'a.3' }]);
  });

  it('tells nothing any more once it was left', () => {
    connection().end();
    stop();
    jest.advanceTimersByTime(60_000);
    expect(states()).toEqual([]);
  });
});
