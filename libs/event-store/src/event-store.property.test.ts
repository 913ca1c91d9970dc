import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { isHyperRunError, type Position, type StreamName } from '#contracts';
import { append, collect, epoch, exact, write } from '../test/appends.js';
import { startRedisServer, type RedisServer } from '../test/redis-server.js';
import type { EventStore, StreamWrite } from './event-store.js';
import { InMemoryEventStore } from './in-memory-event-store.js';
import { RedisEventStore } from './redis-event-store.js';

/** What a store must do, said as plainly as can be. */
class Model {
  readonly streams = new Map<string, { texts: string[]; epoch: number; seq: number }>();
  readonly order: string[] = [];

  of(stream: string) {
    return this.streams.get(stream) ?? { texts: [], epoch: 0, seq: 0 };
  }

  /** The code of the refusal, or none. */
  append(writes: readonly Write[]): string | undefined {
    for (const { stream, guard } of writes) {
      const { texts, epoch, seq } = this.of(stream);
      if (guard.kind === 'exact' && guard.version !== texts.length) return 'log.version-conflict';
      if (guard.kind === 'epoch' && guard.epoch !== epoch) return 'log.epoch-over';
      if (guard.kind === 'epoch' && guard.seq !== seq + 1) return 'log.seq-refused';
    }
    for (const { stream, guard, raise, texts } of writes) {
      const before = this.of(stream);
      const seq = guard.kind === 'epoch' ? guard.seq : raise ? 0 : before.seq;
      this.streams.set(stream, { texts: [...before.texts, ...texts], epoch: before.epoch + (raise ? 1 : 0), seq });
      this.order.push(...texts);
    }
    return undefined;
  }
}

interface Write {
  readonly stream: StreamName;
  readonly guard: StreamWrite['guard'];
  readonly raise: boolean;
  readonly texts: string[];
}

interface Shape {
  readonly stream: number;
  readonly kind: 'exact' | 'raise' | 'epoch';
  /** How far the guard is off; mostly right. */
  readonly off: number;
  readonly texts: string[];
}

const shape = fc.record<Shape>({
  stream: fc.nat(2),
  kind: fc.constantFrom('exact', 'raise', 'epoch'),
  off: fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constantFrom(-1, 1) }),
  texts: fc.array(fc.string({ unit: 'binary', maxLength: 12 }), { minLength: 1, maxLength: 3 }),
});

type Step = { readonly writes: Shape[]; readonly again: boolean };

const step = fc.record<Step>({
  writes: fc.uniqueArray(shape, { minLength: 1, maxLength: 3, selector: ({ stream }) => stream }),
  again: fc.boolean(),
});

let runs = 0;

const aim = (model: Model, run: number, { stream: number, kind, off, texts }: Shape): Write => {
  const stream = `task-p-${run}-${number}` as StreamName;
  const now = model.of(stream);
  const guard =
    kind === 'epoch' ? epoch(now.epoch, Math.max(1, now.seq + 1 + off)) : exact(Math.max(0, now.texts.length + off));
  return { stream, guard, raise: kind === 'raise', texts };
};

const behavesLike = (store: EventStore) =>
  fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
    const model = new Model();
    const run = ++runs;
    const start = await store.top();
    const following = new AbortController();
    const live = store.subscribe(start, following.signal);
    for (const { writes: shapes, again } of steps) {
      const aimed = shapes.map((one) => aim(model, run, one));
      const one = append(
        aimed.map(({ stream, guard, raise, texts }) => ({ ...write(stream, guard, ...texts), raiseEpoch: raise })),
      );
      const expected = model.append(aimed);
      const found = await store.append(one).catch((error: unknown) => error);
      if (expected === undefined) {
        expect(found).toMatchObject({ position: start + model.order.length });
        if (again) expect(await store.append(one)).toEqual(found);
      } else expect(isHyperRunError(found) ? found.code : found).toBe(expected);
    }
    const textOf = ({ data }: { readonly data: unknown }) => (data as { text: string }).text;
    for (const [stream, { texts, epoch }] of model.streams) {
      const events = await store.read(stream as StreamName);
      expect(events.map(textOf)).toEqual(texts);
      expect(events.map((event) => event.version)).toEqual(texts.map((_, index) => index + 1));
      expect(await store.head(stream as StreamName)).toEqual({ stream, version: texts.length, epoch });
    }
    const entries = [];
    if (model.order.length > 0)
      for await (const batch of live) if (entries.push(...batch) >= model.order.length) following.abort();
    expect(entries.map((entry) => textOf(entry.event))).toEqual(model.order);
    expect(await store.readAll(start, 1000)).toHaveLength(model.order.length);
  });

describe('whatever is appended', () => {
  let server: RedisServer;
  let store: EventStore;
  beforeAll(async () => {
    server = await startRedisServer();
    store = await RedisEventStore.open({ redis: { path: server.path }, feedLength: 200 });
  });
  afterAll(async () => {
    await store.close();
    await server.end();
  });

  it('the store on Redis answers and keeps as its model does', async () => {
    await fc.assert(behavesLike(store), { numRuns: 40 });
    const top = await store.top();
    expect(await collect(store, 0 as Position, (entries) => entries.length >= top)).toHaveLength(top);
  });

  it('the store in memory does so too', () => fc.assert(behavesLike(new InMemoryEventStore()), { numRuns: 100 }));
});
