import {
  isHyperRunError,
  type AnyEvent,
  type Epoch,
  type HyperRunError,
  type Position,
  type StreamName,
  type Version,
} from '#contracts';
import { commandHash } from '../src/command-hash.js';
import { newId } from '../src/new-id.js';
import type { Append, EventStore, FeedEntry, Guard, StreamWrite } from '../src/event-store.js';

export const exact = (version: number): Guard => ({ kind: 'exact', version: version as Version });
export const epoch = (number: number, seq: number): Guard => ({ kind: 'epoch', epoch: number as Epoch, seq });

export const said = (text: string): AnyEvent => ({
  type: 'action.message-said',
  data: { attempt: 1, origin: 'observed', text },
});

export const append = (writes: readonly StreamWrite[], commandId: string = newId(), body: unknown = 1): Append => ({
  commandId,
  commandHash: commandHash(body),
  actor: 'person:ada',
  writes,
});

export const write = (stream: StreamName, guard: Guard, ...texts: string[]): StreamWrite => ({
  stream,
  guard,
  events: texts.map(said),
});

let streams = 0;
export const newStream = (): StreamName => `task-${process.pid}-${++streams}` as StreamName;

export const failureOf = async (promise: Promise<unknown>): Promise<HyperRunError> => {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (isHyperRunError(error)) return error;
  throw new Error(`A HyperRunError was expected, not ${String(error)}`);
};

/** Follows until `enough` says so. */
export const collect = async (
  store: EventStore,
  after: Position,
  enough: (entries: readonly FeedEntry[]) => boolean,
): Promise<FeedEntry[]> => {
  const stop = new AbortController();
  const entries: FeedEntry[] = [];
  for await (const batch of store.subscribe(after, stop.signal)) {
    entries.push(...batch);
    if (enough(entries)) stop.abort();
  }
  return entries;
};
