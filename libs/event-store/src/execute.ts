import type { AnyEvent, Recorded, StreamName, Subjects, Version } from '#contracts';
import { isHyperRunError } from '#contracts';
import { commandHash } from './command-hash.js';
import { commandIdReused, outcomeUnknown } from './errors.js';
import type { Appended, EventStore, StreamWrite } from './event-store.js';

/** Structurally the Decider of #domain: rules of one aggregate, pure. */
export interface DeciderOf<State, Command, E extends AnyEvent = AnyEvent> {
  readonly initial: State;
  decide(command: Command, state: State): readonly E[];
  evolve(state: State, event: Recorded): State;
}

export interface CommandOf<Body> {
  /** The same for every try of the same command; told again, it is answered with what was decided first. */
  readonly id: string;
  /** SHA-256 of the canonical body; worked out when left out. */
  readonly hash?: string;
  readonly actor: string;
  readonly body: Body;
  readonly correlationId?: string;
  /** Id of the event that led to it. */
  readonly causationId?: string;
  /** Without such an id: what stood in the stream last led to it. */
  readonly follows?: boolean;
}

export interface Execution<State, Body> {
  readonly stream: StreamName;
  readonly decider: DeciderOf<State, Body>;
  readonly command: CommandOf<Body>;
  readonly subjects?: Subjects;
  /** As of `Append`. */
  readonly reserve?: boolean;
  /** Whether what was decided fences off whoever wrote under the epoch until now. */
  readonly raisesEpoch?: boolean | ((events: readonly AnyEvent[]) => boolean);
  /**
   * Writes to further streams in the same append: all or nothing. Called with the state as it was and what was decided;
   * may read the store, and is called again when somebody wrote in between.
   */
  readonly writes?: (decided: Decided<State>) => readonly StreamWrite[] | Promise<readonly StreamWrite[]>;
}

export interface Decided<State> {
  /** State that the decision was made on. */
  readonly state: State;
  /** The stream that it was folded from. */
  readonly history: readonly Recorded[];
  readonly events: readonly AnyEvent[];
}

export interface Executed<State> {
  /** State of the stream after the command. */
  readonly state: State;
  /** What the command led to in its stream: `[]` when it was so already. */
  readonly events: readonly Recorded[];
  /** Absent when nothing was appended now. */
  readonly appended?: Appended;
  /** The command stood in the log already; nothing was decided. */
  readonly duplicate: boolean;
}

const TRIES = 20;

/**
 * Carries out a command on a stream: looks for its id, folds, decides, appends at exactly the version that was decided
 * on; begins anew when somebody wrote in between.
 * @throws HyperRunError what `decide` throws, `command.id-reused` (same id, another body), `log.version-conflict` after 20
 *   tries, and what `append` throws
 */
export const execute = async <State, Body>(
  store: EventStore,
  execution: Execution<State, Body>,
): Promise<Executed<State>> => {
  for (let tried = 1; ; tried++) {
    try {
      return await attempt(store, execution);
    } catch (error) {
      if (!isHyperRunError(error, 'log.version-conflict') || tried === TRIES) throw error;
    }
  }
};

const attempt = async <State, Body>(
  store: EventStore,
  { stream, decider, command, subjects, reserve, raisesEpoch, writes }: Execution<State, Body>,
): Promise<Executed<State>> => {
  const hash = command.hash ?? commandHash(command.body);
  const history = await store.read(stream);
  const state = history.reduce((folded, event) => decider.evolve(folded, event), decider.initial);
  const before = history.filter((event) => event.commandId === command.id);
  if (before.some((event) => event.commandHash !== hash)) throw commandIdReused(command.id, stream);
  if (before.length > 0) return { state, events: before, duplicate: true };

  const events = decider.decide(command.body, state);
  const further = (await writes?.({ state, history, events })) ?? [];
  if (events.length === 0 && further.every((write) => write.events.length === 0))
    return { state, events: [], duplicate: false };
  const version = (history.at(-1)?.version ?? 0) as Version;
  const raises = typeof raisesEpoch === 'function' ? raisesEpoch(events) : raisesEpoch === true;
  const raiseEpoch = raises && events.length > 0;
  const primary: StreamWrite = { stream, guard: { kind: 'exact', version }, raiseEpoch, subjects, events };
  // The primary stream last: whoever has seen its events has seen all of the append. Mere checks write nothing.
  const isCheck = (write: StreamWrite) => write.events.length === 0;
  const ordered = [...further.filter((write) => !isCheck(write)), primary, ...further.filter(isCheck)];
  const appended = await store.append({
    commandId: command.id,
    commandHash: hash,
    actor: command.actor,
    correlationId: command.correlationId,
    causationId: command.causationId ?? (command.follows === true ? history.at(-1)?.id : undefined),
    reserve,
    writes: ordered,
  });
  if (events.length === 0) return { state, events: [], appended, duplicate: false };
  const recorded = await readBack(store, stream, (version + 1) as Version, command.id);
  const told = recorded.slice(0, events.length);
  return {
    state: told.reduce((folded, event) => decider.evolve(folded, event), state),
    events: told,
    appended,
    duplicate: false,
  };
};

/** What was just appended: that it cannot be read at present must not be told as if nothing had been written. */
const readBack = async (store: EventStore, stream: StreamName, from: Version, commandId: string) => {
  try {
    return await store.read(stream, from);
  } catch (error) {
    throw isHyperRunError(error, 'log.unavailable') ? outcomeUnknown(commandId, error) : error;
  }
};
