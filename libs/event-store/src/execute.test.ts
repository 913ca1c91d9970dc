import { describe, expect, it } from '@jest/globals';
import { HyperRunError, type AnyEvent, type Version } from '#contracts';
import { exact, failureOf, newStream, said, write } from '../test/appends.js';
import { commandHash } from './command-hash.js';
import { execute, type DeciderOf, type Execution } from './execute.js';
import { InMemoryEventStore } from './in-memory-event-store.js';

/** Counts messages; a message of its own may be said only `most` times. */
interface Say {
  readonly text: string;
  readonly most?: number;
}

const counter: DeciderOf<number, Say> = {
  initial: 0,
  decide: ({ text, most = Infinity }, said_) => {
    if (said_ >= most) throw new HyperRunError('test.enough', `${most} were said.`);
    return text === '' ? [] : [said(text)];
  },
  evolve: (state) => state + 1,
};

const say = (
  body: Say,
  id: string,
  stream = newStream(),
  more: Partial<Execution<number, Say>> = {},
): Execution<number, Say> => ({ stream, decider: counter, command: { id, actor: 'system', body }, ...more });

describe('a command', () => {
  it('is decided on the folded stream, and recorded', async () => {
    const store = new InMemoryEventStore();
    const stream = newStream();
    await execute(store, say({ text: 'a' }, 'c-1', stream));
    const done = await execute(store, say({ text: 'b' }, 'c-2', stream, { raisesEpoch: true }));
    expect(done).toMatchObject({ state: 2, duplicate: false, appended: { heads: [{ stream, version: 2, epoch: 1 }] } });
    expect(done.events).toEqual(await store.read(stream, 2 as Version));
    expect(done.events[0]).toMatchObject({ commandId: 'c-2', commandHash: commandHash({ text: 'b' }), epoch: 1 });
  });

  it('told again is answered with what was decided then, without deciding', async () => {
    const store = new InMemoryEventStore();
    const command = say({ text: 'a', most: 1 }, 'c-1');
    const first = await execute(store, command);
    const again = await execute(store, command);
    expect(again).toMatchObject({ state: 1, events: first.events, duplicate: true });
    expect(again.appended).toBeUndefined();
  });

  it('says what led to it: what it is told, or else, where it follows from the stream, what stood there last', async () => {
    const store = new InMemoryEventStore();
    const stream = newStream();
    const given = { actor: 'system', body: { text: 'a' } };
    for (const [id, more] of [
      ['c-1', {}],
      ['c-2', { follows: true }],
      ['c-3', { follows: true, causationId: 'x' }],
    ] as const)
      await execute(store, { stream, decider: counter, command: { id, ...given, ...more } });
    const [first, ...others] = await store.read(stream);
    expect([first?.causationId, ...others.map(({ causationId }) => causationId)]).toEqual([undefined, first?.id, 'x']);
  });

  it('is refused when its id was another command', async () => {
    const store = new InMemoryEventStore();
    const stream = newStream();
    await execute(store, say({ text: 'a' }, 'c-1', stream));
    expect((await failureOf(execute(store, say({ text: 'b' }, 'c-1', stream)))).code).toBe('command.id-reused');
  });

  it('that is refused by the rules leaves nothing', async () => {
    const store = new InMemoryEventStore();
    const stream = newStream();
    expect((await failureOf(execute(store, say({ text: 'a', most: 0 }, 'c-1', stream)))).code).toBe('test.enough');
    expect(await store.read(stream)).toEqual([]);
  });

  it('that changes nothing appends nothing', async () => {
    const store = new InMemoryEventStore();
    const done = await execute(store, say({ text: '' }, 'c-1'));
    expect(done).toEqual({ state: 0, events: [], duplicate: false });
  });
});

describe('commands at once on one stream', () => {
  it('are each decided on what the others recorded', async () => {
    const store = new InMemoryEventStore();
    const stream = newStream();
    const tries = Array.from({ length: 10 }, (_, number) => say({ text: `${number}`, most: 4 }, `c-${number}`, stream));
    const results = await Promise.allSettled(tries.map((command) => execute(store, command)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(4);
    expect(await store.read(stream)).toHaveLength(4);
  });

  it('of one id are carried out once', async () => {
    const store = new InMemoryEventStore();
    const command = say({ text: 'a' }, 'c-1');
    const results = await Promise.all([1, 2, 3].map(() => execute(store, command)));
    expect(await store.read(command.stream)).toHaveLength(1);
    for (const { events } of results) expect(events).toEqual(await store.read(command.stream));
  });
});

describe('a command over several streams', () => {
  const both = (other = newStream(), text = 'a', version = 0) => ({
    other,
    command: say({ text }, 'c-1', newStream(), {
      writes: async ({ state, events }) => [write(other, exact(version), `${state} ${events.length}`)],
    }),
  });

  it('is recorded in all of them', async () => {
    const store = new InMemoryEventStore();
    const { other, command } = both();
    const { appended, events } = await execute(store, command);
    expect(appended?.heads.map((head) => head.version)).toEqual([1, 1]);
    expect(events).toHaveLength(1);
    const [told] = await store.read(other);
    expect((told as AnyEvent & { data: { text: string } }).data.text).toBe('0 1');
  });

  it('is recorded in none of them when one has moved on for good', async () => {
    const store = new InMemoryEventStore();
    const { command } = both(newStream(), 'a', 7);
    expect((await failureOf(execute(store, command))).code).toBe('log.version-conflict');
    expect(await store.read(command.stream)).toEqual([]);
  });

  it('may decide nothing in its own, and is told twice all the same', async () => {
    const store = new InMemoryEventStore();
    const { other, command } = both(newStream(), '');
    await execute(store, command);
    await execute(store, command);
    expect(await store.read(other)).toHaveLength(1);
  });
});

describe('the hash of a command', () => {
  it('does not depend on the order of fields, only on what they say', () => {
    expect(commandHash({ a: 1, b: [2] })).toBe(commandHash({ b: [2], a: 1 }));
    expect(commandHash({ a: 1 })).not.toBe(commandHash({ a: 2 }));
    expect(commandHash(undefined)).toMatch(/^[0-9a-f]{64}$/);
  });
});
