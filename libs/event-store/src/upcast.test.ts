import { describe, expect, it } from '@jest/globals';
import { isHyperRunError, type StreamName, type Version } from '#contracts';
import { TODAY, upcast, type Schema, type StoredEvent } from './upcast.js';

const place = { stream: 'task-t-1' as StreamName, version: 4 as Version };

/** In version 1 an agent "spoke" `words`; in version 2 a message was "said" as `text`; version 3 added the origin. */
const third: Schema = {
  version: 3,
  upcasters: {
    'agent.spoke': {
      1: ({ data }) => ({ type: 'action.message-said', data: { attempt: 1, text: (data as { words: string }).words } }),
    },
    'action.message-said': {
      2: ({ type, data }) => ({ type, data: { ...(data as object), origin: 'observed' } }),
    },
  },
};

const codeOf = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    if (isHyperRunError(error)) return error.code;
    throw error;
  }
  return 'none';
};

describe('an event of an older schema', () => {
  it('is lifted version by version, also under another name', () => {
    expect(upcast({ type: 'agent.spoke', data: { words: 'hello' } }, 1, place, third)).toEqual({
      type: 'action.message-said',
      data: { attempt: 1, text: 'hello', origin: 'observed' },
    });
  });

  it('is taken as it is where nothing changed', () => {
    const event = { type: 'sprint.resumed', data: {} };
    expect(upcast(event, 1, place, third)).toEqual(event);
  });

  it('is corrupt when it is wrong even then', () => {
    expect(codeOf(() => upcast({ type: 'agent.spoke', data: { words: 7 } }, 1, place, third))).toBe('log.corrupt');
  });
});

describe('an event of today', () => {
  it('is handed on itself', () => {
    const event: StoredEvent = { type: 'sprint.resumed', data: {} };
    expect(upcast(event, TODAY.version, place)).toBe(event);
  });

  it('is unknown when its type or its schema is', () => {
    expect(codeOf(() => upcast({ type: 'task.sung', data: {} }, TODAY.version, place))).toBe('log.unknown-event');
    expect(codeOf(() => upcast({ type: 'toString', data: {} }, TODAY.version, place))).toBe('log.unknown-event');
    expect(codeOf(() => upcast({ type: 'sprint.resumed', data: {} }, 9, place))).toBe('log.unknown-event');
  });
});
