import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Position, Recorded, StreamName } from '#contracts';
import type { Append, Appended, EventStore, FeedEntry } from '#event-store';

/** An append as its writer saw it. Moments are counted over all writers, so that they can be compared. */
export interface Issued {
  readonly append: Append;
  readonly issued: number;
  /** Streams of which this writer is the only one: there is nobody to be in conflict with. */
  readonly alone: readonly StreamName[];
  /** Moment of the first answer that said that it is done. */
  acknowledged?: number;
  /** Every such answer; it may be asked for again. */
  readonly answers: Appended[];
  refused?: { readonly code: string; readonly stream: string };
}

/** What a follower was told, in the order in which it was. */
export type Followed = readonly Pick<FeedEntry, 'position' | 'stream' | 'version'>[];

export interface History {
  readonly issued: readonly Issued[];
  readonly followed: readonly Followed[];
  /** Others, of whom nothing is known here, write to the log too. */
  readonly others?: boolean;
}

/** What does not hold of a log, in sentences; none when all that was promised was kept. Writers have ended. */
export const checkHistory = async (
  store: EventStore,
  { issued, followed, others = false }: History,
): Promise<string[]> => {
  const log = await readLog(store);
  return [
    ...(await placeProblems(store, log)),
    ...issued.flatMap((one) => answerProblems(one, log)),
    ...(others ? [] : strangers(issued, log)),
    ...orderProblems(issued),
    ...followed.flatMap((entries, index) => followerProblems(entries, index, log)),
  ];
};

interface Log {
  readonly entries: readonly FeedEntry[];
  readonly streams: ReadonlyMap<StreamName, readonly Recorded[]>;
  /** Of each command, in the order of the streams that it wrote to. */
  readonly commands: ReadonlyMap<string, readonly Recorded[]>;
}

const readLog = async (store: EventStore): Promise<Log> => {
  const top = await store.top();
  const entries: FeedEntry[] = [];
  while (entries.length < top) {
    const page = await store.readAll((entries.at(-1)?.position ?? 0) as Position, 1000);
    if (page.length === 0) break;
    entries.push(...page);
    await nextTurn();
  }
  const streams = new Map<StreamName, readonly Recorded[]>();
  for (const name of await store.streams()) streams.set(name, await store.read(name));
  const commands = new Map<string, Recorded[]>();
  for (const record of [...streams.values()].flat()) {
    const of = commands.get(record.commandId) ?? [];
    if (of.length === 0) commands.set(record.commandId, of);
    of.push(record);
  }
  return { entries, streams, commands };
};

/** Positions are dense, versions are dense, and both orders are one. */
const placeProblems = async (store: EventStore, { entries, streams }: Log): Promise<string[]> => {
  const problems: string[] = [];
  const top = await store.top();
  if (entries.length !== top) problems.push(`${entries.length} entries, the log says ${top}.`);
  const last = new Map<StreamName, number>();
  for (const [index, { position, stream, version, event }] of entries.entries()) {
    if (position !== index + 1) problems.push(`Position ${position} stands at place ${index + 1}.`);
    if (version !== (last.get(stream) ?? 0) + 1)
      problems.push(`${stream} ${version} follows ${last.get(stream) ?? 0}.`);
    last.set(stream, version);
    const record = streams.get(stream)?.[version - 1];
    if (record?.id !== event.id || record.position !== position)
      problems.push(`Position ${position} is not what ${stream} ${version} is.`);
  }
  for (const [stream, records] of streams) {
    const { version } = await store.head(stream);
    if (records.length !== version || last.get(stream) !== version)
      problems.push(
        `${stream} has ${records.length} events, ${last.get(stream)} in the order of all; its head ${version}.`,
      );
  }
  return problems;
};

const textsOf = (events: readonly { readonly data: unknown }[]): string =>
  JSON.stringify(events.map(({ data }) => data));

/** Done: every event stands there once, where the answers say, all of which say the same. Refused: none does, and rightly. */
const answerProblems = ({ append, answers, refused, alone }: Issued, { streams, commands }: Log): string[] => {
  const id = append.commandId;
  const found = commands.get(id) ?? [];
  const [answer] = answers;
  if (answer === undefined) {
    if (refused === undefined) return [`${id} was never answered.`];
    const problems = found.length > 0 ? [`${id} was refused (${refused.code}) and stands in the log.`] : [];
    const isFalse = alone.includes(refused.stream as StreamName) || refused.code !== 'log.version-conflict';
    return isFalse
      ? [...problems, `${id} was refused by ${refused.stream}: ${refused.code}, though nobody else wrote.`]
      : problems;
  }
  const problems = answers
    .filter((other) => JSON.stringify(other) !== JSON.stringify(answer))
    .map((other) => `${id} was answered ${JSON.stringify(answer)} and ${JSON.stringify(other)}.`);
  if (refused !== undefined) problems.push(`${id} was done and refused (${refused.code}).`);
  for (const [index, { stream, events }] of append.writes.entries()) {
    const version = answer.heads[index]?.version ?? 0;
    const stands = streams.get(stream)?.slice(version - events.length, version) ?? [];
    const here = found.filter((record) => record.stream === stream);
    if (
      textsOf(stands) !== textsOf(events) ||
      textsOf(here) !== textsOf(events) ||
      stands.some(({ commandId }) => commandId !== id)
    )
      problems.push(`${id} was done at ${stream} ${version}, where it does not stand once and whole.`);
  }
  if (Math.max(...found.map(({ position }) => position)) !== answer.position)
    problems.push(`${id} was done at position ${answer.position}, where it does not end.`);
  return problems;
};

/** Nothing stands in the log that nobody asked for. */
const strangers = (issued: readonly Issued[], { commands }: Log): string[] => {
  const known = new Set(issued.map(({ append }) => append.commandId));
  return [...commands.keys()]
    .filter((id) => !known.has(id) && !id.startsWith('incarnation-'))
    .map((id) => `${id} stands in the log, and nobody issued it.`);
};

/** What was acknowledged before another append was issued stands before it. */
const orderProblems = (issued: readonly Issued[]): string[] => {
  const done = issued
    .filter(({ answers }) => answers.length > 0)
    .toSorted((a, b) => (a.answers[0]?.position ?? 0) - (b.answers[0]?.position ?? 0));
  const problems: string[] = [];
  let earliest = Infinity;
  for (const one of done.toReversed()) {
    if (earliest < one.issued)
      problems.push(`${one.append.commandId} stands before what was acknowledged before it was issued.`);
    earliest = Math.min(earliest, one.acknowledged ?? Infinity);
  }
  return problems;
};

/** A follower is told everything from the first event on, once, in order, to the end. */
const followerProblems = (followed: Followed, index: number, { entries }: Log): string[] => {
  const wrong = entries.findIndex(({ position, stream, version }, at) => {
    const told = followed[at];
    return told?.position !== position || told.stream !== stream || told.version !== version;
  });
  if (wrong === -1 && followed.length === entries.length) return [];
  const at = wrong === -1 ? entries.length : wrong;
  return [`Follower ${index} was told ${JSON.stringify(followed[at])} where position ${at + 1} was due.`];
};
