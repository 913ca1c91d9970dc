import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  SYSTEM_STREAM,
  toEnvelope,
  type AgentId,
  type AnyEvent,
  type Position,
  type Sha256,
  type StreamName,
  type TaskId,
  type Version,
} from '#contracts';
import { append, collect, epoch, exact, failureOf, newStream, said, write } from '../test/appends.js';
import { startRedisCluster, type RedisCluster } from '../test/redis-nodes.js';
import { startRedisServer, type RedisServer } from '../test/redis-server.js';
import { partOf, Shelf } from '../test/shelf.js';
import type { Append, EventStore, FeedEntry, StreamWrite } from './event-store.js';
import { InMemoryEventStore } from './in-memory-event-store.js';
import { openEventStore } from './open-event-store.js';
import { RedisEventStore } from './redis-event-store.js';

const positions = (entries: readonly FeedEntry[]) => entries.map((entry) => entry.position);
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** What every store does. `open` gives one with an empty log. */
const eventStoreContract = (name: string, open: (archive: Shelf) => Promise<EventStore>): void => {
  describe(name, () => {
    const shelf = new Shelf();
    let store: EventStore;
    beforeAll(async () => {
      store = await open(shelf);
    });
    afterAll(() => store.close());

    const texts = async (stream: StreamName) =>
      (await store.read(stream)).map((event) => (event.type === 'action.message-said' ? event.data.text : event.type));

    describe('a new log', () => {
      it('begins with its incarnation', async () => {
        const [first, ...others] = await store.read(SYSTEM_STREAM);
        expect(first).toMatchObject({ type: 'system.incarnation-started', position: 1, version: 1 });
        expect(first?.data).toMatchObject({ incarnation: store.incarnation });
        expect(others).toEqual([]);
      });

      it('knows no other stream: it is empty, at version 0', async () => {
        const stream = newStream();
        expect(await store.read(stream)).toEqual([]);
        expect(await store.head(stream)).toEqual({ stream, version: 0, epoch: 0 });
      });
    });

    describe('an append at an exact version', () => {
      it('records the events in order, with what the log and the writer know', async () => {
        const stream = newStream();
        const subjects = { taskId: 't-1' as TaskId, agentId: 'links-1' as AgentId };
        const one = { ...append([{ ...write(stream, exact(0), 'a', 'é"\u2028'), subjects }]), correlationId: 'c-1' };
        const appended = await store.append(one);
        const events = await store.read(stream);
        expect(events.map((event) => event.version)).toEqual([1, 2]);
        expect(await texts(stream)).toEqual(['a', 'é"\u2028']);
        expect(events[1]).toMatchObject({
          stream,
          ...subjects,
          actor: 'person:ada',
          commandId: one.commandId,
          commandHash: one.commandHash,
          correlationId: 'c-1',
          schemaVersion: 1,
          position: appended.position,
        });
        expect(Math.abs((events[1]?.time ?? 0) - Date.now())).toBeLessThan(60_000);
        expect(appended).toEqual({
          position: await store.top(),
          cursor: store.cursorOf(appended.position),
          heads: [{ stream, version: 2, epoch: 0 }],
        });
        expect(await store.read(stream, 2 as Version)).toEqual(events.slice(1));
      });

      it('is refused when somebody wrote in between, and leaves nothing', async () => {
        const stream = newStream();
        await store.append(append([write(stream, exact(0), 'a')]));
        const error = await failureOf(store.append(append([write(stream, exact(0), 'b')])));
        expect(error).toMatchObject({ code: 'log.version-conflict', actor: 'retry' });
        expect(error.details).toEqual({ stream, expected: 0, actual: 1 });
        expect(await texts(stream)).toEqual(['a']);
      });

      it('is refused when it is ahead of the stream', async () => {
        const stream = newStream();
        const error = await failureOf(store.append(append([write(stream, exact(3), 'a')])));
        expect(error.details).toEqual({ stream, expected: 3, actual: 0 });
      });

      it('sent again is answered as it was the first time, also after others wrote', async () => {
        const stream = newStream();
        const one = append([write(stream, exact(0), 'a', 'b')]);
        const first = await store.append(one);
        await store.append(append([write(stream, exact(2), 'c')]));
        expect(await store.append(one)).toEqual(first);
        expect(await texts(stream)).toEqual(['a', 'b', 'c']);
      });

      it('sent again with another body is refused by its command id', async () => {
        const stream = newStream();
        await store.append(append([write(stream, exact(0), 'a')], 'command-1'));
        const error = await failureOf(store.append(append([write(stream, exact(0), 'b')], 'command-1', 2)));
        expect(error).toMatchObject({ code: 'command.id-reused', details: { commandId: 'command-1', stream } });
      });
    });

    describe('an append over several streams', () => {
      it('writes to all of them, at adjacent positions', async () => {
        const [first, second] = [newStream(), newStream()];
        const { heads, position } = await store.append(
          append([write(first, exact(0), 'a', 'b'), write(second, exact(0), 'c')]),
        );
        expect(heads).toEqual([
          { stream: first, version: 2, epoch: 0 },
          { stream: second, version: 1, epoch: 0 },
        ]);
        const entries = await store.readAll((position - 3) as Position, 10);
        expect(entries.map((entry) => entry.stream)).toEqual([first, first, second]);
        expect(await store.streams('task')).toEqual(expect.arrayContaining([first, second]));
        expect(await store.streams('agent')).not.toContain(first);
      });

      it('writes to none when one of them has moved on', async () => {
        const [first, second] = [newStream(), newStream()];
        await store.append(append([write(second, exact(0), 'x')]));
        const top = await store.top();
        const both = append([write(first, exact(0), 'a'), write(second, exact(0), 'b')]);
        expect((await failureOf(store.append(both))).details).toEqual({ stream: second, expected: 0, actual: 1 });
        expect(await store.head(first)).toEqual({ stream: first, version: 0, epoch: 0 });
        expect(await store.streams()).not.toContain(first);
        expect(await store.top()).toBe(top);
      });

      it('sent again is answered with the heads of then', async () => {
        const [first, second, third] = [newStream(), newStream(), newStream()];
        await store.append(append([write(third, exact(0), 'x')]));
        await store.append(append([{ ...write(second, exact(0), 'x'), raiseEpoch: true }]));
        const all = append([
          write(first, exact(0), 'a'),
          write(second, epoch(1, 1), 'b'),
          { stream: third, guard: exact(1), events: [] },
        ]);
        const appended = await store.append(all);
        await store.append(append([write(second, epoch(1, 2), 'c')]));
        expect(await store.append(all)).toEqual(appended);
        expect(await texts(second)).toEqual(['x', 'b', 'c']);
      });

      it('may check a stream without writing to it', async () => {
        const [first, second] = [newStream(), newStream()];
        const check = (version: number): StreamWrite => ({ stream: second, guard: exact(version), events: [] });
        const error = await failureOf(store.append(append([write(first, exact(0), 'a'), check(1)])));
        expect(error.details).toEqual({ stream: second, expected: 1, actual: 0 });
        await store.append(append([write(first, exact(0), 'a'), check(0)]));
        expect(await store.streams()).not.toContain(second);
      });
    });

    describe('an append under an epoch', () => {
      const claimed = async () => {
        const stream = newStream();
        const { heads } = await store.append(append([{ ...write(stream, exact(0), 'claimed'), raiseEpoch: true }]));
        expect(heads).toEqual([{ stream, version: 1, epoch: 1 }]);
        return stream;
      };

      it('gets its version from the log and carries the epoch', async () => {
        const stream = await claimed();
        await store.append(append([write(stream, epoch(1, 1), 'a')]));
        await store.append(append([write(stream, exact(2), 'decided')]));
        const { heads } = await store.append(append([write(stream, epoch(1, 2), 'b', 'c')]));
        expect(heads).toEqual([{ stream, version: 5, epoch: 1 }]);
        expect((await store.read(stream)).map((event) => event.epoch)).toEqual([1, 1, 1, 1, 1]);
        expect(await texts(stream)).toEqual(['claimed', 'a', 'decided', 'b', 'c']);
      });

      it('is refused once the epoch was raised: whoever holds the old one stops, the new one writes', async () => {
        const stream = await claimed();
        await store.append(append([write(stream, epoch(1, 1), 'a')]));
        await store.append(append([{ ...write(stream, exact(2), 'taken over'), raiseEpoch: true }]));
        const error = await failureOf(store.append(append([write(stream, epoch(1, 2), 'b')])));
        expect(error).toMatchObject({ code: 'log.epoch-over', details: { stream, epoch: 1, current: 2 } });
        await store.append(append([write(stream, epoch(2, 1), 'c')]));
        expect(await texts(stream)).toEqual(['claimed', 'a', 'taken over', 'c']);
      });

      it('sent again under the same seq is answered as done', async () => {
        const stream = await claimed();
        const one = append([write(stream, epoch(1, 1), 'a', 'b')]);
        const first = await store.append(one);
        await store.append(append([write(stream, exact(3), 'decided')]));
        expect(await store.append(one)).toEqual(first);
        expect(await texts(stream)).toEqual(['claimed', 'a', 'b', 'decided']);
      });

      it('is refused out of order, and when the seq is another append', async () => {
        const stream = await claimed();
        await store.append(append([write(stream, epoch(1, 1), 'a')]));
        for (const seq of [1, 3]) {
          const error = await failureOf(store.append(append([write(stream, epoch(1, seq), 'b')])));
          expect(error).toMatchObject({ code: 'log.seq-refused', details: { stream, seq, last: 1 } });
        }
        await store.append(append([write(stream, epoch(1, 2), 'b')]));
        expect(await texts(stream)).toEqual(['claimed', 'a', 'b']);
      });
    });

    describe('an append that cannot be right', () => {
      const stream = newStream();
      const refused: [name: string, append: Append, code: string, text: RegExp][] = [
        [
          'of a wrong field',
          append([
            {
              ...write(stream, exact(0)),
              events: [{ ...said(''), data: { attempt: 1, origin: 'observed', text: 7 } } as unknown as AnyEvent],
            },
          ]),
          'log.invalid-event',
          /data\.text/,
        ],
        [
          'of an unknown type',
          append([{ ...write(stream, exact(0)), events: [{ type: 'task.sung', data: {} } as unknown as AnyEvent] }]),
          'log.invalid-event',
          /task\.sung/,
        ],
        [
          'to a stream of a wrong name',
          append([write('task-A*' as StreamName, exact(0), 'a')]),
          'log.invalid-event',
          /task-A\*/,
        ],
        [
          'that writes to a stream twice',
          append([write(stream, exact(0), 'a'), write(stream, exact(1), 'b')]),
          'log.invalid-event',
          /twice/,
        ],
        ['of nothing', append([write(stream, exact(0))]), 'log.invalid-event', /nothing/],
        [
          'of more than 256 events',
          append([write(stream, exact(0), ...range(1, 257).map(String))]),
          'log.append-too-large',
          /256 events/,
        ],
        [
          'of more than 1 MiB',
          append([write(stream, exact(0), ...range(1, 140).map(() => 'x'.repeat(8000)))]),
          'log.append-too-large',
          /1048576 bytes/,
        ],
      ];
      it.each(refused)('%s is refused before anything is sent', async (_, wrong, code, text) => {
        const error = await failureOf(store.append(wrong));
        expect(error.code).toBe(code);
        expect(error.message).toMatch(text);
        expect((await store.head(stream)).version).toBe(0);
      });

      it('has a twin at the limit that is carried out', async () => {
        const { heads } = await store.append(append([write(newStream(), exact(0), ...range(1, 256).map(String))]));
        expect(heads[0]?.version).toBe(256);
      });
    });

    describe('concurrent writers', () => {
      it('never both succeed at one version', async () => {
        const stream = newStream();
        const tries = range(1, 20).map((number) => store.append(append([write(stream, exact(0), String(number))])));
        const results = await Promise.allSettled(tries);
        expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
        expect(await texts(stream)).toHaveLength(1);
      });
    });

    describe('the feed', () => {
      it('carries the envelope of the record, byte for byte', async () => {
        const stream = newStream();
        const subjects = { taskId: 't-1' as TaskId };
        const one = { ...append([{ ...write(stream, exact(0), 'é\u2028\ud800"'), subjects }]), causationId: 'x' };
        const { position } = await store.append(one);
        const [entry] = await store.readAll((position - 1) as Position, 1);
        const [recorded] = await store.read(stream);
        if (recorded === undefined) throw new Error('no event');
        expect(entry?.json).toBe(JSON.stringify(toEnvelope(recorded)));
        expect(entry?.envelope).toEqual(JSON.parse(entry?.json ?? ''));
        expect(entry?.event).toEqual({
          type: 'action.message-said',
          data: recorded.data,
          id: recorded.id,
          stream,
          version: 1,
          position,
          time: recorded.time,
          actor: 'person:ada',
          taskId: 't-1',
        });
      });

      it('holds the stored bytes that are read for sealing', async () => {
        const stream = newStream();
        await store.append(append([write(stream, exact(0), 'a', 'b')]));
        const recorded = await store.read(stream);
        let version = 0;
        for await (const bytes of store.readBytes(stream)) {
          expect(bytes.version).toBe(++version);
          const header = JSON.parse(bytes.header.toString()) as object;
          const position = bytes.position === undefined ? {} : { position: bytes.position };
          const stored = { ...header, ...position, data: JSON.parse(bytes.data.toString()) as unknown };
          expect(stored).toEqual(recorded[version - 1]);
        }
        expect(version).toBe(2);
      });
    });

    describe('a subscription', () => {
      it('gets everything from the first event on, and then what is new, without gap or repeat', async () => {
        const stream = newStream();
        const before = await store.top();
        const all = collect(store, 0 as Position, (entries) => entries.length >= before + 300);
        for (let version = 0; version < 300; version += 3)
          await store.append(append([write(stream, exact(version), 'a', 'b', 'c')]));
        expect(positions(await all)).toEqual(range(1, before + 300));
      });

      it('joins while many write, wherever it begins', async () => {
        const before = await store.top();
        const last = before + 600;
        const writing = range(1, 200).map(() => store.append(append([write(newStream(), exact(0), 'a', 'b', 'c')])));
        const following = [0, before, Math.floor(before / 2)].map((after) =>
          collect(store, after as Position, (entries) => entries.at(-1)?.position === last).then((entries) => [
            after,
            positions(entries),
          ]),
        );
        await Promise.all(writing);
        for (const [after, got] of await Promise.all(following)) expect(got).toEqual(range(Number(after) + 1, last));
      });

      it('is not held up by another that does not read', async () => {
        const stop = new AbortController();
        const slow = store.subscribe(await store.top(), stop.signal)[Symbol.asyncIterator]();
        const pending = slow.next();
        const before = await store.top();
        const fast = collect(store, before, (entries) => entries.length >= 50);
        for (const text of range(1, 50)) await store.append(append([write(newStream(), exact(0), String(text))]));
        expect(positions(await fast)).toEqual(range(before + 1, before + 50));
        const entries = [...((await pending).value as FeedEntry[])];
        while (entries.length < 50) entries.push(...((await slow.next()).value as FeedEntry[]));
        expect(positions(entries)).toEqual(range(before + 1, before + 50));
        stop.abort();
      });

      it('ends when it is aborted while nothing happens', async () => {
        const stop = new AbortController();
        const iterator = store.subscribe(await store.top(), stop.signal)[Symbol.asyncIterator]();
        const next = iterator.next();
        stop.abort();
        expect(await next).toEqual({ done: true, value: undefined });
      });
    });

    describe('a stream that was archived', () => {
      const bytesOf = async (stream: StreamName, from?: number) => {
        const all: string[] = [];
        for await (const { version, header, data } of store.readBytes(stream, from as Version | undefined))
          all.push(`${version} ${header.toString()} ${data.toString()}`);
        return all;
      };
      const told = (entries: readonly FeedEntry[]) => entries.map(({ json, event }) => [json, event]);

      it('is read on as it was, also where the archive ends and the log goes on', async () => {
        const stream = newStream();
        await store.append(append([write(stream, exact(0), 'a', 'b', 'é')]));
        const position = await store.top();
        const before = [await store.read(stream), await bytesOf(stream)];
        const entries = told(await store.readAll((position - 3) as Position, 3));
        await shelf.take(store, stream);
        expect([await store.read(stream), await bytesOf(stream)]).toEqual(before);
        expect(told(await store.readAll((position - 3) as Position, 3))).toEqual(entries);
        await store.append(append([write(stream, exact(3), 'after')]));
        expect(await texts(stream)).toEqual(['a', 'b', 'é', 'after']);
        expect((await store.read(stream, 3 as Version)).map(({ version }) => version)).toEqual([3, 4]);
        expect((await store.read(stream, 4 as Version)).map(({ version }) => version)).toEqual([4]);
        expect(await bytesOf(stream, 2)).toHaveLength(3);
        expect(await store.head(stream)).toEqual({ stream, version: 4, epoch: 0 });
        expect((await store.archived()).get(stream)).toEqual(partOf(3));
      });

      it('still answers an append that was sent again', async () => {
        const stream = newStream();
        const one = append([write(stream, exact(0), 'a', 'b')]);
        const first = await store.append(one);
        await shelf.take(store, stream);
        expect(await store.append(one)).toEqual(first);
      });

      it('may be let go of twice, but not beyond its end, and not less than before', async () => {
        const stream = newStream();
        await store.append(append([write(stream, exact(0), 'a', 'b')]));
        const other = newStream();
        await store.append(append([write(other, exact(0), 'a')]));
        const tooFar = new Map([other, stream].map((name, index) => [name, partOf(index * 2 + 1)]));
        expect(await failureOf(store.trim(tooFar))).toMatchObject({
          code: 'log.version-conflict',
          details: { stream },
        });
        expect((await store.archived()).get(other)).toBeUndefined();
        expect(await store.read(stream)).toHaveLength(2);
        await shelf.take(store, stream);
        for (const to of [2, 1]) await store.trim(new Map([[stream, partOf(to)]]));
        expect((await store.archived()).get(stream)).toEqual(partOf(2));
        expect(await texts(stream)).toEqual(['a', 'b']);
      });

      it('is left out of a subscription that wants nothing archived, and nothing else is', async () => {
        const [kept, gone] = [newStream(), newStream()];
        const before = await store.top();
        await store.append(append([write(kept, exact(0), 'a'), write(gone, exact(0), 'b', 'c')]));
        await shelf.take(store, gone);
        await store.append(append([write(gone, exact(2), 'after')]));
        const stop = new AbortController();
        const seen: [string, number][] = [];
        for await (const entries of store.subscribe(before, stop.signal, await store.archived())) {
          seen.push(...entries.map(({ stream, version }): [string, number] => [stream, version]));
          if (seen.length >= 2) stop.abort();
        }
        expect(seen).toEqual([
          [kept, 1],
          [gone, 3],
        ]);
      });

      it('is named when its archive is gone, and nothing else suffers', async () => {
        const [gone, other] = [newStream(), newStream()];
        await store.append(append([write(gone, exact(0), 'a'), write(other, exact(0), 'b')]));
        await shelf.take(store, gone);
        shelf.burn();
        await store.append(append([write(gone, exact(1), 'after')]));
        expect(await failureOf(store.read(gone))).toMatchObject({ code: 'archive.missing' });
        expect(await store.read(gone, 2 as Version)).toHaveLength(1);
        expect(await store.read(other)).toHaveLength(1);
      });
    });

    describe('an event that was redacted', () => {
      const digest = 'd'.repeat(64) as Sha256;
      const left = JSON.stringify({ attempt: 1, origin: 'observed', text: '[redacted]' });
      const bytesOf = async (stream: StreamName) => {
        const all: string[] = [];
        for await (const record of store.readBytes(stream))
          all.push([record.version, record.header, record.data, record.redacted].map(String).join(' '));
        return all;
      };

      it('is what is left of it wherever it is read, with the digest of what was there, and nothing else changes', async () => {
        const stream = newStream();
        await store.append(append([write(stream, exact(0), 'a', 'swordfish', 'c')]));
        const top = await store.top();
        const before = await bytesOf(stream);
        const redaction = { stream, version: 2 as Version, position: (top - 1) as Position, digest, left };
        await store.redact(redaction);
        await store.redact(redaction);
        const after = await bytesOf(stream);
        expect([after[0], after[2]]).toEqual([before[0], before[2]]);
        expect(after[1]).toBe(before[1]?.replace('swordfish', '[redacted]').replace(/undefined$/, digest));
        expect(await texts(stream)).toEqual(['a', '[redacted]', 'c']);
        const told = await store.readAll((top - 3) as Position, 1000);
        expect(positions(told)).toEqual(range(top - 2, top));
        const all = await collect(store, (top - 3) as Position, (entries) => entries.length >= 3);
        expect(all.map(({ event }) => (event.data as { text: string }).text)).toEqual(['a', '[redacted]', 'c']);
        expect(JSON.stringify(all.map(({ json }) => json))).not.toContain('swordfish');
        await store.append(append([write(stream, exact(3), 'd')]));
        expect(await texts(stream)).toEqual(['a', '[redacted]', 'c', 'd']);
      });

      it('keeps its digest when its stream is archived', async () => {
        const stream = newStream();
        await store.append(append([write(stream, exact(0), 'swordfish', 'b')]));
        const position = ((await store.top()) - 1) as Position;
        await store.redact({ stream, version: 1 as Version, position, digest, left });
        const before = await bytesOf(stream);
        await shelf.take(store, stream);
        expect(await bytesOf(stream)).toEqual(before);
        expect(before[0]).toContain(digest);
      });
    });

    describe('a cursor', () => {
      it('leads back to its position', async () => {
        const top = await store.top();
        expect(await store.positionOf(store.cursorOf(top))).toBe(top);
      });

      it('is refused when it makes no sense, is of another life, or ahead of the log', async () => {
        const ahead = store.cursorOf(((await store.top()) + 1) as Position);
        for (const [cursor, code] of [
          ['', 'cursor.invalid'],
          ['5', 'cursor.invalid'],
          [`${store.incarnation}.-1`, 'cursor.invalid'],
          ['0123456789.1', 'cursor.other-incarnation'],
          [ahead, 'cursor.beyond-top'],
        ] as const)
          expect((await failureOf(store.positionOf(cursor))).code).toBe(code);
      });
    });
  });
};

let server: RedisServer;
let cluster: RedisCluster;
beforeAll(async () => {
  [server, cluster] = await Promise.all([startRedisServer(), startRedisCluster()]);
});
afterAll(() => Promise.all([server?.end(), cluster?.end()]));

eventStoreContract('the store on Redis', (archive) => RedisEventStore.open({ redis: { path: server.path }, archive }));
eventStoreContract('the store on a Redis Cluster of three masters', (archive) =>
  RedisEventStore.open({ redis: { cluster: cluster.masters }, archive }),
);
eventStoreContract('the store of three partitions on that cluster', (archive) =>
  openEventStore({ redis: { cluster: cluster.masters }, prefix: 'three:', partitions: 3, otherwise: 2, archive }),
);
eventStoreContract('the store in memory', async (archive) => new InMemoryEventStore(Date.now, archive));
