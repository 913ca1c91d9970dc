import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  sprintStream,
  taskStream,
  type AnyEvent,
  type SprintId,
  type StreamName,
  type TaskId,
  type Version,
} from '#contracts';
import { commandHash, InMemoryEventStore } from '#event-store';
import { approved, proposed, requested, sprintId } from '../../libs/domain/src/plan.fixture.js';
import { KnownHistories } from './known-histories.js';

const own = sprintStream(sprintId);
const task = taskStream('t-1' as TaskId);
const said = (text: string): AnyEvent => ({
  type: 'action.message-said',
  data: { attempt: 1, origin: 'observed', text },
});

describe('the history of a sprint, read page by page', () => {
  let store: InMemoryEventStore;
  let histories: KnownHistories;
  let commands = 0;
  const write = async (stream: StreamName, ...events: readonly AnyEvent[]) => {
    const { version } = await store.head(stream);
    const guard = { kind: 'exact', version } as const;
    const commandId = `command-${++commands}`;
    await store.append({
      commandId,
      commandHash: commandHash(commandId),
      actor: 'person:ada',
      writes: [{ stream, guard, events }],
    });
  };
  const positions = async () => (await histories.read(sprintId)).map(({ position }) => Number(position));

  beforeEach(async () => {
    store = new InMemoryEventStore();
    histories = new KnownHistories(store);
    await write(own, requested, proposed);
  });

  it('holds the events of all its streams in the order in which they happened', async () => {
    await write(own, approved);
    await write(task, said('one'));
    await write(own, { type: 'sprint.resumed', data: {} });
    await write(task, said('two'));
    const events = await histories.read(sprintId);
    expect(events.map(({ stream }) => stream)).toEqual([own, own, own, task, own, task]);
  });

  it('grows at its end only, and reads nothing twice', async () => {
    await write(own, approved);
    await write(task, said('one'));
    const read: [StreamName, Version | undefined][] = [];
    const before = await positions();
    const original = store.read.bind(store);
    store.read = (stream, from) => {
      read.push([stream, from]);
      return original(stream, from);
    };
    await write(task, said('two'));
    expect(await positions()).toEqual([...before, (before.at(-1) ?? 0) + 1]);
    expect(read).toContainEqual([task, 2]);
    expect(read).toContainEqual([own, 4]);
  });

  it('leaves what is written while it reads for the next time', async () => {
    await write(own, approved);
    const original = store.read.bind(store);
    store.read = async (stream, from) => {
      store.read = original;
      const events = await original(stream, from);
      await write(own, { type: 'sprint.resumed', data: {} });
      await write(task, said('meanwhile'));
      return events;
    };
    const first = await positions();
    const second = await positions();
    expect(second.slice(0, first.length)).toEqual(first);
    expect(second).toHaveLength(first.length + 2);
  });

  it('says that there is none of a sprint that never was', async () => {
    await expect(histories.read('nobody' as SprintId)).rejects.toMatchObject({ code: 'sprint.unknown' });
    await expect(histories.read(sprintId)).resolves.toHaveLength(2);
  });
});
