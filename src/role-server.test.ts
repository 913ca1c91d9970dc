import { describe, expect, it, jest } from '@jest/globals';
import type { Redis } from 'ioredis';
import { RoleServer } from './role-server.js';

const LIMIT = 8 * 1024 * 1024;

describe('a message of the Redis transport', () => {
  const hear = async (length: number, end = ',"id":"m-1"}') => {
    const server = new RoleServer({}, ['worker']);
    const handler = jest.fn(() => Promise.resolve('heard'));
    server.addHandler('agent.next', handler as never);
    const publish = jest.fn<(channel: string, text: string) => Promise<number>>().mockResolvedValue(1);
    const begin = '{"data":"';
    const text = `${begin}${'x'.repeat(length - begin.length - 1 - end.length)}"${end}`;
    await server.handleMessage('agent.next', text, { publish } as unknown as Redis, 'agent.next');
    await new Promise(setImmediate);
    return { handled: handler.mock.calls.length, told: publish.mock.calls.map(([channel, told]) => [channel, JSON.parse(told) as unknown]) }; // prettier-ignore
  };

  it('is read up to a length that no message of ours has', async () => {
    expect(await hear(LIMIT)).toEqual({
      handled: 1,
      told: [['agent.next.reply', expect.objectContaining({ id: 'm-1', response: 'heard' })]],
    });
  });

  it('is not even read beyond that, and told so where its id stands at its end', async () => {
    const err = expect.objectContaining({ code: 'request.body-too-large', status: 413 });
    expect(await hear(LIMIT + 1)).toEqual({
      handled: 0,
      told: [['agent.next.reply', { id: 'm-1', err, isDisposed: true }]],
    });
    expect(await hear(LIMIT + 1, '}')).toEqual({ handled: 0, told: [] });
  });
});
