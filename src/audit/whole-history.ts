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

async function* inOrder(
  store: EventStore,
  streams: readonly StreamName[],
  until: number,
): AsyncGenerator<EnvelopeText> {
  const readers = streams.map((stream) => readEnvelopes(store, stream));
  const next = new Map<AsyncGenerator<EnvelopeText>, EnvelopeText>();
  const advance = async (reader: AsyncGenerator<EnvelopeText>) => {
    const { value, done } = await reader.next();
    if (done === true || value.position > until) next.delete(reader);
    else next.set(reader, value);
  };
  await Promise.all(readers.map(advance));
  while (next.size > 0) {
    const [reader, event] = [...next].reduce((first, each) => (each[1].position < first[1].position ? each : first));
    yield event;
    await advance(reader);
  }
}
