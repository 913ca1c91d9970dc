import { HyperRunError, sprintStream, taskStream, type SprintId, type StreamName } from '#contracts';
import { isActive, sprint } from '#domain';
import { readEnvelopes, type EnvelopeText, type EventStore } from '#event-store';
import { foldUntil } from '../world/decisions.port.js';

/**
 * Every event of a sprint and its tasks up to now, as CloudEvents JSON in the order in which they happened. The streams
 * are read side by side as the caller goes on, so that a few pages of each are in memory.
 * @throws HyperRunError `sprint.unknown`, before the first one
 */
export const wholeHistory = async (store: EventStore, sprintId: SprintId): Promise<AsyncGenerator<EnvelopeText>> => {
  const top = await store.top();
  const own = await store.read(sprintStream(sprintId));
  if (own.length === 0) throw new HyperRunError('sprint.unknown', `There is no plan and no sprint "${sprintId}".`);
  const state = foldUntil(sprint, own);
  const tasks = isActive(state) || state.status === 'completed' ? [...state.taskIds, ...state.declined] : [];
  return inOrder(store, [sprintStream(sprintId), ...tasks.map(taskStream)], top);
};

interface Reader {
  readonly events: AsyncGenerator<EnvelopeText>;
  readonly next: EnvelopeText;
}

async function* inOrder(
  store: EventStore,
  streams: readonly StreamName[],
  until: number,
): AsyncGenerator<EnvelopeText> {
  const opened = await Promise.all(streams.map((stream) => advance(readEnvelopes(store, stream), until)));
  let readers = opened.filter((reader) => reader !== undefined);
  while (readers.length > 0) {
    const [first, ...others] = readers.toSorted((a, b) => a.next.position - b.next.position);
    // What one stream has in a row is told in a row.
    const end = others[0]?.next.position ?? Infinity;
    let reader = first;
    while (reader !== undefined && reader.next.position < end) {
      yield reader.next;
      reader = await advance(reader.events, until);
    }
    readers = reader === undefined ? others : [reader, ...others];
  }
}

/** `undefined` at the end. */
const advance = async (events: AsyncGenerator<EnvelopeText>, until: number): Promise<Reader | undefined> => {
  const { value, done } = await events.next();
  return done === true || value.position > until ? undefined : { events, next: value };
};
