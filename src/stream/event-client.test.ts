import { PassThrough } from 'node:stream';
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import type { Position } from '#contracts';
import type { Frame } from './frame.js';
import { SseClient, type Backlog, type Share } from './sse-client.js';

const at = (position: number): Frame => ({
  position: position as Position,
  bytes: Buffer.from(`${position} `),
  type: 'hyperrun.sprint.resumed',
});
const share = (...positions: readonly number[]): Share => ({
  bytes: Buffer.concat(positions.map((position) => at(position).bytes)),
  told: positions.at(-1) as Position,
  events: positions.length,
});

const EVERYTHING = { sprints: [], agents: [], types: [] };

/** A hub whose memory ends at `newest`, while the log already goes on to `top`. */
const hub = (newest: number, top: number) => {
  const state = { newest };
  const backlog: Backlog = {
    get newest() {
      return state.newest as Position;
    },
    frames: async (after, limit) =>
      Array.from({ length: Math.min(limit, top - after) }, (_, index) => at(after + index + 1)),
    cursorOf: (position) => String(position),
  };
  return { state, backlog };
};

const clientOf = (backlog: Backlog, after: number) => {
  const wire = new PassThrough();
  const client = new SseClient(wire as unknown as ServerResponse, EVERYTHING, backlog, after as Position, (error) => {
    throw error;
  });
  return {
    client,
    told: () =>
      String(wire.read() ?? '')
        .trim()
        .split(' '),
  };
};

describe('a client of the stream', () => {
  it('that read further in the log than the memory goes is told nothing twice', async () => {
    const { state, backlog } = hub(4, 6);
    const { client, told } = clientOf(backlog, 3);
    client.catchUp();
    await new Promise((resolve) => setImmediate(resolve));
    expect(told()).toEqual(['4', '5', '6']);
    state.newest = 6;
    client.offer(share(5, 6), 6 as Position);
    state.newest = 7;
    client.offer(share(7), 7 as Position);
    expect(told()).toEqual(['7']);
  });

  it('that has caught up is told every further batch', async () => {
    const { state, backlog } = hub(6, 6);
    const { client, told } = clientOf(backlog, 3);
    client.catchUp();
    await new Promise((resolve) => setImmediate(resolve));
    state.newest = 8;
    client.offer(share(7, 8), 8 as Position);
    expect(told()).toEqual(['4', '5', '6', '7', '8']);
  });
});
