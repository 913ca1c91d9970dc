import { describe, expect, it } from '@jest/globals';
import type { StreamMessage } from './follow.js';
import { Greeting } from './greeting.js';

const hello = (cursor: string): StreamMessage => ({
  kind: 'hello',
  hello: { cursor, oldest: 'a.0', serverTime: '2026-01-01T00:00:00Z' },
  receivedAt: 0,
});
const live: StreamMessage = { kind: 'state', state: 'live', since: 0 };

describe('who joins those that hear the stream', () => {
  const greeted = (...heard: StreamMessage[]) => {
    const greeting = new Greeting();
    for (const message of heard) greeting.hear(message);
    return greeting.words;
  };

  it('is told from where on he hears: after what the others were told last', () => {
    const batch: StreamMessage = { kind: 'batch', events: ['{}'], cursor: 'a.9', receivedAt: 1 };
    expect(greeted(hello('a.7'), live)).toEqual([hello('a.7'), live]);
    expect(greeted(hello('a.7'), live, batch)).toEqual([hello('a.9'), live]);
    expect(greeted(hello('a.7'), live, { kind: 'reset', reason: 'cursor.beyond-top', cursor: 'b.1' })).toEqual([
      hello('b.1'),
      live,
    ]);
  });

  it('is told nothing before the stream has said its first word', () => {
    expect(greeted()).toEqual([]);
  });
});
