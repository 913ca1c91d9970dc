import { beforeEach, describe, expect, it } from '@jest/globals';
import { HyperRunError, taskStream, type AgentId, type AnyEvent, type Epoch, type Version } from '#contracts';
import { event } from '#domain';
import { InMemoryEventStore, newId, commandHash, type Append } from '#event-store';
import { ada, bob, queued } from '../../libs/domain/src/plan.fixture.js';
import { Outbox } from './outbox.js';

const { taskId } = queued.data.task;
const stream = taskStream(taskId);
const agentId = 'links-1' as AgentId;

const said = (text: string) => event('action.message-said', { attempt: 1, origin: 'observed', text });
const claimed = (worker: typeof ada, epoch: number) =>
  event('task.claimed', { worker, agentId, epoch: epoch as Epoch, attempt: epoch });

/** Sees every append under an epoch; holds it at the gate, or refuses it, when told to. */
class WatchedStore extends InMemoryEventStore {
  readonly appends: { readonly seq: number; readonly events: number }[] = [];
  mostInFlight = 0;
  gate?: Promise<void>;
  refusal?: Error;
  #inFlight = 0;

  override async append(append: Append) {
    const [write] = append.writes;
    if (write?.guard.kind !== 'epoch') return super.append(append);
    this.appends.push({ seq: write.guard.seq, events: write.events.length });
    this.#inFlight += 1;
    this.mostInFlight = Math.max(this.mostInFlight, this.#inFlight);
    try {
      await this.gate;
      if (this.refusal !== undefined) throw this.refusal;
      return await super.append(append);
    } finally {
      this.#inFlight -= 1;
    }
  }

  /** As an orchestrator does: at an exact version, raising the epoch. */
  async claim(...events: readonly AnyEvent[]): Promise<void> {
    const { version } = await this.head(stream);
    await super.append({
      commandId: newId(),
      commandHash: commandHash(events),
      actor: 'system',
      writes: [{ stream, guard: { kind: 'exact', version }, raiseEpoch: true, events }],
    });
  }

  async texts(): Promise<string[]> {
    const events = await this.read(stream, 1 as Version);
    return events.flatMap((one) => (one.type === 'action.message-said' ? [one.data.text] : []));
  }
}

describe('the outbox of an attempt', () => {
  let store: WatchedStore;
  let fenced: Error[];
  let outbox: Outbox;

  beforeEach(async () => {
    store = new WatchedStore();
    fenced = [];
    await store.claim(queued, claimed(ada, 1));
    const to = { stream, epoch: 1 as Epoch, actor: ada, subjects: { taskId, agentId } };
    outbox = new Outbox(store, to, (reason) => fenced.push(reason));
  });

  it('writes what is said in the order in which it was said', async () => {
    const words = Array.from({ length: 250 }, (_, index) => `word ${index}`);
    for (const word of words) outbox.say(said(word));
    await outbox.flush();
    expect(await store.texts()).toEqual(words);
  });

  it('writes together what is said together, a hundred at most, and counts its appends without a hole', async () => {
    for (let index = 0; index < 250; index += 1) outbox.say(said(`${index}`));
    await outbox.flush();
    await outbox.record(said('one'), said('two'));
    expect(store.appends).toEqual([
      { seq: 1, events: 100 },
      { seq: 2, events: 100 },
      { seq: 3, events: 50 },
      { seq: 4, events: 2 },
    ]);
  });

  it('has one append in flight; what is said meanwhile goes together into the next', async () => {
    let open = () => {};
    store.gate = new Promise((resolve) => (open = resolve));
    outbox.say(said('first'));
    await Promise.resolve();
    expect(store.appends).toEqual([{ seq: 1, events: 1 }]);
    for (const word of ['second', 'third', 'fourth']) outbox.say(said(word));
    const done = outbox.flush();
    open();
    await done;
    expect(store.appends).toEqual([
      { seq: 1, events: 1 },
      { seq: 2, events: 3 },
    ]);
    expect(store.mostInFlight).toBe(1);
    expect(await store.texts()).toEqual(['first', 'second', 'third', 'fourth']);
  });

  it('has nothing to wait for when nothing was said', async () => {
    await outbox.flush();
    expect(store.appends).toEqual([]);
  });

  it('says once that its epoch is over, and writes nothing more', async () => {
    await outbox.record(said('in time'));
    expect(fenced).toEqual([]);
    await store.claim(claimed(bob, 2));
    await expect(outbox.record(said('too late'))).rejects.toMatchObject({ code: 'log.epoch-over' });
    const tried = store.appends.length;
    await expect(outbox.record(said('later still'))).rejects.toMatchObject({ code: 'log.epoch-over' });
    expect(fenced).toMatchObject([{ code: 'log.epoch-over' }]);
    expect(store.appends).toHaveLength(tried);
    expect(await store.texts()).toEqual(['in time']);
  });

  it('throws at every flush what kept it from writing, leaves no hole, and is not fenced by that', async () => {
    await outbox.record(said('before'));
    store.refusal = new HyperRunError('log.full', 'Redis has no memory left.', {}, 'operator');
    outbox.say(said('lost'));
    await expect(outbox.flush()).rejects.toBe(store.refusal);
    const { refusal } = store;
    store.refusal = undefined;
    outbox.say(said('after a hole'));
    await expect(outbox.flush()).rejects.toBe(refusal);
    expect(fenced).toEqual([]);
    expect(await store.texts()).toEqual(['before']);
  });
});
