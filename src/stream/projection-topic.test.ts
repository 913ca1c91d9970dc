import { describe, expect, it, jest, beforeEach, afterEach } from '@jest/globals';
import type { Position } from '#contracts';
import { ProjectionTopic, type Entity, type ProjectionFilter } from './projection-topic.js';

const ALL: ProjectionFilter = { kinds: [], ids: [] };
interface Told {
  readonly id: string;
  readonly revision: number;
  readonly cursor: string;
  readonly entity: unknown;
}

/** A world of named things, each with a value and the position at which it got it. */
const world = () => {
  const things = new Map<string, { value: unknown; revision: number }>();
  const state = { position: 0, renderings: 0 };
  const entities = (): Entity[] =>
    [...things].map(([id, { value, revision }]) => ({
      kind: id.slice(0, 1),
      id,
      revision,
      view: () => {
        state.renderings++;
        return { value };
      },
    }));
  const topic = new ProjectionTopic(
    { fold: () => undefined, entities },
    { position: () => state.position, cursorOf: (position) => `c${position}` },
  );
  const happen = (position: number, ...changed: readonly (readonly [id: string, value: unknown])[]) => {
    state.position = position;
    for (const [id, value] of changed) things.set(id, { value, revision: position });
    topic.take([]);
  };
  return { topic, state, happen };
};

const reader = (topic: ProjectionTopic, after: number, filter = ALL) => {
  const wire = {
    isReady: true,
    isOver: false,
    text: '',
    write: (bytes: Buffer | string) => void (wire.text += bytes.toString()),
  };
  const client = topic.join(wire, filter, after as Position);
  client.catchUp();
  const told = (): Told[] =>
    wire.text
      .split('\n\n')
      .filter(Boolean)
      .map((message) => {
        const [, id, json = ''] = /^id: (.*)\ndata: (.*)$/.exec(message) ?? [];
        const upsert = JSON.parse(json) as Told;
        expect(upsert.cursor).toBe(id);
        return upsert;
      });
  const short = () => told().map(({ id, revision }) => `${id}@${revision}`);
  return { wire, client, told, short };
};

describe('a projection that clients look at', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());
  const pass = () => jest.advanceTimersByTime(100);

  it('begins with all there is, at its cursor', () => {
    const { topic, happen } = world();
    happen(3, ['a1', 'one'], ['b1', 'two']);
    topic.look();
    const [head, data] = [topic.snapshot(ALL), topic.snapshot({ kinds: ['b'], ids: [] })].map((text) => text.trim());
    expect(head).toMatch(
      /^event: snapshot\nid: c3\ndata: \{"cursor":"c3","entities":\[\{"kind":"a","id":"a1","revision":3/,
    );
    expect(data).toMatch(
      /"entities":\[\{"kind":"b","id":"b1","revision":3,"cursor":"c3","entity":\{"value":"two"\}\}\]\}$/,
    );
  });

  it('tells an entity that changed, whole, and no other', () => {
    const { topic, happen } = world();
    happen(3, ['a1', 'one'], ['a2', 'two']);
    topic.look();
    const { told, short } = reader(topic, 3);
    expect(told()).toEqual([]);
    pass();
    happen(4, ['a2', 'three']);
    happen(5);
    pass();
    expect(short()).toEqual(['a2@4']);
    expect(told()[0]?.entity).toEqual({ value: 'three' });
  });

  it('tells nothing when an entity looks the same as before, and renders each change once for all', () => {
    const { topic, happen, state } = world();
    happen(1, ['a1', 'one']);
    const readers = [reader(topic, 1), reader(topic, 1), reader(topic, 1)];
    pass();
    happen(2, ['a1', 'one']);
    happen(3);
    pass();
    happen(4);
    pass();
    expect(state.renderings).toBe(2);
    for (const { told, client } of readers) {
      expect(told()).toEqual([]);
      expect([client.moved(), client.moved()]).toEqual(['c4', undefined]);
    }
  });

  it('gathers what changes all the time: only the latest is told', () => {
    const { topic, happen } = world();
    const { short } = reader(topic, 0);
    for (let position = 1; position <= 100; position++) happen(position, ['a1', position]);
    pass();
    expect(short()).toEqual(['a1@1', 'a1@100']);
  });

  it('keeps for a slow client nothing but its cursor, and tells it the latest of each when it is ready', () => {
    const { topic, happen } = world();
    const { wire, client, short } = reader(topic, 0);
    const { short: live } = reader(topic, 0);
    wire.isReady = false;
    happen(1, ['a1', 1], ['a2', 1]);
    pass();
    happen(2, ['a1', 2]);
    pass();
    happen(3, ['a1', 3]);
    pass();
    expect([short(), live()]).toEqual([[], ['a1@1', 'a2@1', 'a1@2', 'a1@3']]);
    wire.isReady = true;
    client.catchUp();
    expect(short()).toEqual(['a2@1', 'a1@3']);
    happen(4, ['a2', 4]);
    pass();
    expect(short()).toEqual(['a2@1', 'a1@3', 'a2@4']);
  });

  it('loses nothing to a client that was cut off after any message and comes back with its cursor', () => {
    const { topic, happen } = world();
    happen(1, ['a1', 0], ['a2', 0], ['a3', 0]);
    happen(2, ['a1', 1]);
    happen(3, ['a2', 1], ['a3', 1], ['b1', 1]);
    happen(4, ['a1', 2]);
    topic.look();
    const whole = reader(topic, 0).told();
    expect(whole.map(({ id }) => id)).toEqual(['a2', 'a3', 'b1', 'a1']);
    for (let kept = 1; kept <= whole.length; kept++) {
      const seen = new Map(whole.slice(0, kept).map((one) => [one.id, one.revision]));
      const cursor = Number(whole[kept - 1]?.cursor.slice(1));
      for (const one of reader(topic, cursor).told()) seen.set(one.id, one.revision);
      expect(Object.fromEntries(seen)).toEqual({ a1: 4, a2: 3, a3: 3, b1: 3 });
    }
    expect(reader(topic, 4).told()).toEqual([]);
  });

  it('shows a client what it asked for, and moves its cursor past the rest', () => {
    const { topic, happen } = world();
    const { short, client } = reader(topic, 0, { kinds: ['b'], ids: [] });
    const { short: one } = reader(topic, 0, { kinds: [], ids: ['a2'] });
    happen(1, ['a1', 1], ['a2', 1]);
    pass();
    expect([short(), one(), client.moved()]).toEqual([[], ['a2@1'], 'c1']);
    happen(2, ['b1', 1]);
    pass();
    expect([short(), one(), client.moved()]).toEqual([['b1@2'], ['a2@1'], undefined]);
  });
});
