import { describe, expect, it } from '@jest/globals';
import type { Position } from '#contracts';
import { EventClient, type Backlog, type Missed } from './event-client.js';
import type { Filter } from './filter.js';

const EVERYTHING: Filter = { sprints: [], agents: [], types: [] };
const PAGE = 2;
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Events `1 2 3 …`; with the filter that is not open, the even ones. */
const share = (filter: Filter, ...positions: readonly number[]) => {
  const wanted = positions.filter((position) => filter === EVERYTHING || position % 2 === 0);
  return {
    bytes: Buffer.from(wanted.map((position) => `${position} `).join('')),
    told: wanted.at(-1) as Position | undefined,
    events: wanted.length,
  };
};

/** A hub whose memory ends at `newest`, while the log already goes on to `top`. */
const hub = (newest: number, top: number) => {
  const state = { newest, reads: 0 };
  const backlog: Backlog = {
    get newest() {
      return state.newest as Position;
    },
    async missed(after, filter): Promise<Missed | undefined> {
      state.reads++;
      const positions = Array.from({ length: Math.min(PAGE, top - after) }, (_, index) => after + index + 1);
      const upTo = positions.at(-1);
      return upTo === undefined ? undefined : { ...share(filter, ...positions), upTo: upTo as Position };
    },
    cursorOf: (position) => `c${position}`,
  };
  return { state, backlog };
};

const clientOf = (backlog: Backlog, after: number, filter = EVERYTHING) => {
  const wire = {
    isReady: true,
    isOver: false,
    text: '',
    write: (bytes: Buffer | string) => void (wire.text += bytes.toString()),
  };
  const client = new EventClient(wire, filter, backlog, after as Position, (error) => {
    throw error;
  });
  const told = () =>
    wire.text
      .trim()
      .split(' ')
      .filter((word) => word !== '');
  const offer = (...positions: readonly number[]) =>
    client.offer(share(filter, ...positions), positions.at(-1) as Position);
  return { client, wire, told, offer };
};

describe('a client of the events', () => {
  it('that read further in the log than the memory goes is told nothing twice', async () => {
    const { state, backlog } = hub(4, 6);
    const { client, told, offer } = clientOf(backlog, 3);
    client.catchUp();
    await turn();
    expect(told()).toEqual(['4', '5']);
    state.newest = 5;
    offer(5);
    state.newest = 7;
    offer(6, 7);
    await turn();
    expect(told()).toEqual(['4', '5', '6', '7']);
  });

  it('that has caught up is told every further pass', async () => {
    const { state, backlog } = hub(6, 6);
    const { client, told, offer } = clientOf(backlog, 3);
    client.catchUp();
    await turn();
    state.newest = 8;
    expect(offer(7, 8)).toBe(true);
    expect(told()).toEqual(['4', '5', '6', '7', '8']);
  });

  it('that is full is told nothing until there is room, then all it missed, at its own pace', async () => {
    const { state, backlog } = hub(3, 9);
    const { client, wire, told, offer } = clientOf(backlog, 3);
    client.catchUp();
    wire.isReady = false;
    state.newest = 9;
    expect(offer(4, 5, 6, 7, 8, 9)).toBe(false);
    client.catchUp();
    await turn();
    expect([told(), state.reads, client.isLive]).toEqual([[], 0, false]);
    wire.isReady = true;
    client.catchUp();
    await turn();
    expect([told(), client.isLive]).toEqual([['4', '5', '6', '7', '8', '9'], true]);
  });

  it('that is gone is told nothing, and nothing is read for it', async () => {
    const { backlog, state } = hub(9, 9);
    const { client, wire, told } = clientOf(backlog, 3);
    client.catchUp();
    Object.assign(wire, { isReady: false, isOver: true });
    await turn();
    expect([told(), state.reads]).toEqual([[], 1]);
  });

  it('hears of its cursor once when its filter has left out what came', async () => {
    const { state, backlog } = hub(4, 5);
    const { client, told, offer } = clientOf(backlog, 4, { ...EVERYTHING, types: ['even'] });
    client.catchUp();
    expect(client.moved()).toBeUndefined();
    state.newest = 5;
    offer(5);
    expect([told(), client.moved(), client.moved()]).toEqual([[], 'c5', undefined]);
    state.newest = 6;
    offer(6);
    expect([told(), client.moved()]).toEqual([['6'], undefined]);
  });
});
