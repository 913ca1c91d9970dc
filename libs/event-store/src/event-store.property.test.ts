import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { isHyperRunError, type Position, type StreamName, type Version } from '#contracts';
import { append, collect, epoch, exact, write } from '../test/appends.js';
import { startRedisServer, type RedisServer } from '../test/redis-server.js';
import { Shelf } from '../test/shelf.js';
import type { Append, Appended, EventStore, StreamWrite } from './event-store.js';
import { InMemoryEventStore } from './in-memory-event-store.js';
import { RedisEventStore } from './redis-event-store.js';

interface ModelStream {
  readonly texts: readonly string[];
  readonly epoch: number;
  readonly seq: number;
}

interface ModelEvent {
  readonly stream: StreamName;
  readonly version: number;
  readonly text: string;
}

interface Write {
  readonly stream: StreamName;
  readonly guard: StreamWrite['guard'];
  readonly raise: boolean;
  readonly texts: readonly string[];
}

/** What a store must do, said as plainly as can be. */
class Model {
  readonly streams = new Map<StreamName, ModelStream>();
  readonly order: ModelEvent[] = [];
  /** What was acknowledged, with its answer. */
  readonly done: { readonly append: Append; readonly answer: Appended }[] = [];

  constructor(
    readonly run: number,
    readonly start: number,
  ) {}

  of(stream: StreamName): ModelStream {
    return this.streams.get(stream) ?? { texts: [], epoch: 0, seq: 0 };
  }

  name(number: number): StreamName {
    return `task-p-${this.run}-${number}` as StreamName;
  }

  /** The code of the refusal, or none. */
  append(writes: readonly Write[]): string | undefined {
    for (const { stream, guard } of writes) {
      const { texts, epoch: current, seq } = this.of(stream);
      if (guard.kind === 'exact' && guard.version !== texts.length) return 'log.version-conflict';
      if (guard.kind === 'epoch' && guard.epoch !== current) return 'log.epoch-over';
      if (guard.kind === 'epoch' && guard.seq !== seq + 1) return 'log.seq-refused';
    }
    for (const { stream, guard, raise, texts } of writes) {
      const before = this.of(stream);
      const seq = guard.kind === 'epoch' ? guard.seq : raise ? 0 : before.seq;
      texts.forEach((text, index) => this.order.push({ stream, version: before.texts.length + index + 1, text }));
      this.streams.set(stream, { texts: [...before.texts, ...texts], epoch: before.epoch + (raise ? 1 : 0), seq });
    }
    return undefined;
  }

  /** Whether what was done is answered as done when it is sent again: of an epoch that lasts only the last append is. */
  isKnown({ writes: [first] }: Append): boolean {
    if (first === undefined || first.guard.kind === 'exact') return true;
    const { epoch: current, seq } = this.of(first.stream);
    return first.guard.epoch !== current || first.guard.seq === seq;
  }
}

/** The store under test, and what may happen to it. */
interface Real {
  readonly shelf: Shelf;
  store: EventStore;
  /** The process ends in order, and another one begins. */
  reopen(): Promise<void>;
  /** What holds the log is killed, and started again on its data. */
  crash(): Promise<void>;
}

type Command = fc.AsyncCommand<Model, Real>;

const textOf = ({ data }: { readonly data: unknown }) => (data as { text: string }).text;

const outcomeOf = async <T>(promise: Promise<T>): Promise<T | string> => {
  try {
    return await promise;
  } catch (error) {
    if (isHyperRunError(error)) return error.code;
    throw error;
  }
};

interface Shape {
  readonly stream: number;
  readonly kind: 'exact' | 'raise' | 'epoch';
  /** How far the guard is off; mostly right. */
  readonly off: number;
  readonly texts: string[];
}

const aim = (model: Model, { stream: number, kind, off, texts }: Shape): Write => {
  const stream = model.name(number);
  const now = model.of(stream);
  const guard =
    kind === 'epoch' ? epoch(now.epoch, Math.max(1, now.seq + 1 + off)) : exact(Math.max(0, now.texts.length + off));
  return { stream, guard, raise: kind === 'raise', texts };
};

class AppendThis implements Command {
  constructor(private readonly shapes: readonly Shape[]) {}
  check = () => true;
  async run(model: Model, { store }: Real): Promise<void> {
    const aimed = this.shapes.map((shape) => aim(model, shape));
    const one = append(
      aimed.map(({ stream, guard, raise, texts }) => ({ ...write(stream, guard, ...texts), raiseEpoch: raise })),
    );
    const refused = model.append(aimed);
    const outcome = await outcomeOf(store.append(one));
    if (refused !== undefined || typeof outcome === 'string') return expect(outcome).toEqual(refused);
    expect(outcome.position).toBe(model.start + model.order.length);
    expect(outcome.heads).toEqual(
      aimed.map(({ stream }) => ({ stream, version: model.of(stream).texts.length, epoch: model.of(stream).epoch })),
    );
    model.done.push({ append: one, answer: outcome });
  }
  toString = () => `append ${JSON.stringify(this.shapes)}`;
}

class AppendAgain implements Command {
  constructor(private readonly which: number) {}
  check = ({ done }: Model) => done.length > 0;
  async run(model: Model, { store }: Real): Promise<void> {
    const one = model.done[model.done.length - 1 - (this.which % model.done.length)];
    if (one === undefined) return;
    const outcome = await outcomeOf(store.append(one.append));
    expect(outcome).toEqual(model.isKnown(one.append) ? one.answer : 'log.seq-refused');
  }
  toString = () => `append again, ${this.which} from the end`;
}

class ReadStream implements Command {
  constructor(
    private readonly stream: number,
    private readonly from: number,
  ) {}
  check = () => true;
  async run(model: Model, { store }: Real): Promise<void> {
    const stream = model.name(this.stream);
    const { texts, epoch: current } = model.of(stream);
    const events = await store.read(stream, this.from as Version);
    expect(events.map(textOf)).toEqual(texts.slice(this.from - 1));
    expect(events.map(({ version }) => version)).toEqual(texts.map((_, index) => index + 1).slice(this.from - 1));
    expect(await store.head(stream)).toEqual({ stream, version: texts.length, epoch: current });
  }
  toString = () => `read ${this.stream} from ${this.from}`;
}

class ReadAll implements Command {
  constructor(
    private readonly after: number,
    private readonly limit: number,
  ) {}
  check = () => true;
  async run({ order, start }: Model, { store }: Real): Promise<void> {
    const after = Math.min(this.after, order.length);
    const entries = await store.readAll((start + after) as Position, this.limit);
    const expected = order.slice(after, after + this.limit);
    expect(entries.map(({ stream, version, event }) => ({ stream, version, text: textOf(event) }))).toEqual(expected);
    expect(entries.map(({ position }) => position)).toEqual(expected.map((_, index) => start + after + index + 1));
  }
  toString = () => `read ${this.limit} after ${this.after}`;
}

class AskCursor implements Command {
  constructor(private readonly beyond: number) {}
  check = () => true;
  async run({ order, start }: Model, { store }: Real): Promise<void> {
    const position = (start + order.length + this.beyond) as Position;
    const outcome = await outcomeOf(store.positionOf(store.cursorOf(position)));
    expect(outcome).toBe(this.beyond > 0 ? 'cursor.beyond-top' : position);
  }
  toString = () => `cursor ${this.beyond} beyond the top`;
}

class ArchiveStream implements Command {
  constructor(private readonly stream: number) {}
  check = (model: Model) => model.of(model.name(this.stream)).texts.length > 0;
  async run(model: Model, { shelf, store }: Real): Promise<void> {
    const stream = model.name(this.stream);
    await shelf.take(store, stream);
    expect((await store.archived()).get(stream)?.to).toBe(model.of(stream).texts.length);
  }
  toString = () => `archive ${this.stream}`;
}

class Reopen implements Command {
  check = () => true;
  run = (_: Model, real: Real): Promise<void> => real.reopen();
  toString = () => 'reopen';
}

class Crash implements Command {
  check = () => true;
  run = (_: Model, real: Real): Promise<void> => real.crash();
  toString = () => 'crash';
}

const shape = fc.record<Shape>({
  stream: fc.nat(2),
  kind: fc.constantFrom('exact', 'raise', 'epoch'),
  off: fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constantFrom(-1, 1) }),
  texts: fc.array(fc.string({ unit: 'binary', maxLength: 12 }), { minLength: 1, maxLength: 3 }),
});

const appends = fc
  .uniqueArray(shape, { minLength: 1, maxLength: 3, selector: ({ stream }) => stream })
  .map((shapes) => new AppendThis(shapes));

const ALL: fc.Arbitrary<Command>[] = [
  appends,
  appends,
  appends,
  fc.nat(5).map((which) => new AppendAgain(which)),
  fc.tuple(fc.nat(2), fc.integer({ min: 1, max: 6 })).map(([stream, from]) => new ReadStream(stream, from)),
  fc.tuple(fc.nat(20), fc.integer({ min: 1, max: 20 })).map(([after, limit]) => new ReadAll(after, limit)),
  fc.integer({ min: 0, max: 2 }).map((beyond) => new AskCursor(beyond)),
  fc.nat(2).map((stream) => new ArchiveStream(stream)),
  fc.constant(new Reopen()),
  fc.constant(new Crash()),
];

/** A failing run names its seed and path: `HYPER_RUN_SEED` begins there again. */
const SEED = process.env['HYPER_RUN_SEED'] === undefined ? {} : { seed: Number(process.env['HYPER_RUN_SEED']) };

let runs = 0;

/** Whatever is done, it answers as the model does; and whoever follows all the while is told what the model tells. */
const behavesLikeTheModel = (real: Real) =>
  fc.asyncProperty(fc.commands(ALL, { maxCommands: 30, size: 'max' }), async (commands) => {
    const start = await real.store.top();
    const model = new Model(++runs, start);
    await fc.asyncModelRun(() => ({ model, real }), commands);
    const expected = model.order.map(({ text }) => text);
    if (expected.length === 0) return;
    const entries = await collect(real.store, start, ({ length }) => length >= expected.length);
    expect(entries.map(({ event }) => textOf(event))).toEqual(expected);
  });

describe('whatever is done', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer('--appendfsync', 'always');
  });
  afterAll(() => server.end());

  it('the store on Redis answers and keeps as its model does, through restarts of both', async () => {
    const shelf = new Shelf();
    const open = () => RedisEventStore.open({ redis: { path: server.path }, feedLength: 200, archive: shelf });
    const real: Real = {
      shelf,
      store: await open(),
      reopen: async () => {
        await real.store.close();
        real.store = await open();
      },
      crash: async () => {
        await server.stop('SIGKILL');
        await server.start();
      },
    };
    await fc.assert(behavesLikeTheModel(real), { numRuns: 15, ...SEED });
    const top = await real.store.top();
    expect(await collect(real.store, 0 as Position, (entries) => entries.length >= top)).toHaveLength(top);
    await real.store.close();
  });

  it('the store in memory does so too', async () => {
    const shelf = new Shelf();
    const nothing = () => Promise.resolve();
    const real: Real = { shelf, store: new InMemoryEventStore(Date.now, shelf), reopen: nothing, crash: nothing };
    await fc.assert(behavesLikeTheModel(real), { numRuns: 60, ...SEED });
  });
});
