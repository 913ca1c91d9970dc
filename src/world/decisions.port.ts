import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { AnyEvent, Position, Recorded, StreamName, Subjects } from '#contracts';
import type { Decider } from '#domain';
import { commandHash, execute, type EventStore, type StreamWrite } from '#event-store';
import { failpoint } from '../config/failpoint.js';
import { EVENT_STORE } from '../log/log.port.js';

/** Who wants something, under which id. The same id with the same body is answered with what was decided then. */
export interface Issued {
  readonly id: string;
  readonly actor: string;
  /** What the id stands for; part of the record, by its hash. */
  readonly body: unknown;
  /** Event that led to it; absent: of a person nothing but the person, of all others what stood in the stream last. */
  readonly causationId?: string;
}

export interface Outcome<State> {
  readonly state: State;
  /** What this command led to, now or the first time it was sent. */
  readonly events: readonly Recorded[];
  readonly position: Position;
  readonly cursor: string;
  readonly duplicate: boolean;
}

export interface Consequence<State, Command> {
  readonly stream: StreamName;
  readonly decider: Decider<State, Command>;
  readonly command: Command;
  readonly issued: Issued;
  readonly subjects?: Subjects;
  readonly raiseEpoch?: boolean;
  /** Writes to further streams that happen together with this decision or not at all. */
  readonly also?: (
    state: State,
    events: readonly AnyEvent[],
  ) => Promise<readonly StreamWrite[]> | readonly StreamWrite[];
}

/** The one way a decision gets into the log: look for the command, fold, decide, append at exactly that version. */
@Injectable()
export class Decisions {
  constructor(@Inject(EVENT_STORE) private readonly store: EventStore) {}

  async make<State, Command>(wanted: Consequence<State, Command>): Promise<Outcome<State>> {
    const { stream, decider, command, issued, subjects, raiseEpoch, also } = wanted;
    const { state, events, appended, duplicate } = await execute<State, Command>(this.store, {
      stream,
      decider,
      command: {
        id: issued.id,
        hash: commandHash(issued.body),
        actor: issued.actor,
        body: command,
        ...(issued.causationId === undefined ? {} : { causationId: issued.causationId }),
        follows: !issued.actor.startsWith('person:'),
      },
      subjects,
      // Of people and of the service itself. What a worker decides can wait until there is room.
      reserve: !issued.actor.startsWith('worker:'),
      raisesEpoch: raiseEpoch === true,
      writes: async (decided) => {
        if (decided.events.length === 0) return [];
        const further = (await also?.(decided.state, decided.events)) ?? [];
        if (isOfPerson(issued)) failpoint('command.decided');
        return further;
      },
    });
    if (isOfPerson(issued)) failpoint('command.appended');
    const position = appended?.position ?? events.at(-1)?.position ?? (await this.store.top());
    return { state, events, position, cursor: this.store.cursorOf(position), duplicate };
  }
}

const isOfPerson = ({ actor }: Issued): boolean => actor.startsWith('person:');

/** An id that follows from who asked and under which command id, so that asking twice creates once. */
export const derivedId = (prefix: string, ...parts: readonly string[]): string =>
  `${prefix}-${createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 12)}`;

/** Folds the recorded events of one stream, up to a position of the log when one is given. */
export const foldUntil = <State>(
  rules: Pick<Decider<State, never>, 'initial' | 'evolve'>,
  events: readonly Recorded[],
  until?: Position,
): State => {
  let state = rules.initial;
  for (const event of events) {
    if (until !== undefined && event.position > until) break;
    state = rules.evolve(state, event);
  }
  return state;
};
